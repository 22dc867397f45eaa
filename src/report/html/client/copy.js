import { one } from "./find.js";

/**
 * Copies the text beside a button, or marks it where the browser does not let a page copy.
 * @param {HTMLElement} place
 */
export const makeCopyable = (place) => {
  const button = one(place, "button", HTMLButtonElement);
  const text = one(place, "code", HTMLElement);
  if (!button || !text) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const isCopied = await copied(text);
    button.textContent = isCopied ? "Copied" : "Marked: press Ctrl+C";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2500);
  });
};

/** @param {HTMLElement} text @returns {Promise<boolean>} */
const copied = async (text) => {
  getSelection()?.selectAllChildren(text);
  try {
    await navigator.clipboard.writeText(text.textContent ?? "");
    return true;
  } catch {
    return document.execCommand("copy");
  }
};
