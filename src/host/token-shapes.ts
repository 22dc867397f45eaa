/**
 * Shapes by which a token is known wherever it stands: prefixes that services give theirs so that scanners find them (as gitleaks and
 * GitHub's secret scanning list them), and what keys and hashes of passwords look like.
 */
const SHAPES: readonly string[] = [
  // age(1), also its plugins and its hybrid keys
  String.raw`\bAGE-(?:SECRET-KEY|PLUGIN)-[0-9A-Z-]{10,}`,
  // GitHub, GitLab, Bitbucket and Atlassian
  String.raw`\bgh[pousr]_\w{20,}`,
  String.raw`\bgithub_pat_\w{20,}`,
  String.raw`\bgl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w.-]{16,}`,
  String.raw`\bGR1348941[\w-]{16,}`,
  String.raw`\bAT(?:ATT|BB|CTT)[\w=-]{20,}`,
  // Slack, Discord, Telegram
  String.raw`\bxox[abceoprs]-[\w-]{10,}`,
  String.raw`\bxapp-\d-[\w-]{10,}`,
  String.raw`(?<=hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/]{20,}`,
  String.raw`(?<=discord(?:app)?\.com/api/webhooks/)\d+/[\w-]{20,}`,
  String.raw`\b\d{8,10}:AA[\w-]{30,}`,
  // AWS, Google, Azure, DigitalOcean, Cloudflare, Alibaba, Heroku, Fly
  String.raw`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`,
  String.raw`\bAIza[\w-]{30,}`,
  String.raw`\bya29\.[\w-]{20,}`,
  String.raw`\bGOCSPX-[\w-]{20,}`,
  String.raw`\b[\w~.]{3}\dQ~[\w~.-]{31,}`,
  String.raw`(?<=[?&]sig=)[\w%+/=-]{20,}`,
  String.raw`\bdo[opr]_v1_[a-f0-9]{32,}`,
  String.raw`\bv1\.0-[a-f0-9]{24}-[a-f0-9]{100,}`,
  String.raw`\bLTAI[A-Za-z0-9]{16,}`,
  String.raw`\bHRKU-[\w-]{20,}`,
  String.raw`\bfm[12][ar]?_[\w+/=-]{20,}`,
  // Stripe, Square, Shopify
  String.raw`\b[rs]k_(?:live|test|prod)_\w{10,}`,
  String.raw`\bwhsec_[\w+/=]{20,}`,
  String.raw`\bsq0[a-z]{3}-[\w-]{20,}`,
  String.raw`\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{20,}`,
  // OpenAI, Anthropic and others with the same prefix, Hugging Face
  String.raw`\bsk-[\w-]{20,}`,
  String.raw`\bhf_[A-Za-z]{20,}`,
  // npm, PyPI, RubyGems, crates.io, Docker
  String.raw`\bnpm_\w{30,}`,
  String.raw`\bpypi-[\w-]{16,}`,
  String.raw`\brubygems_[a-f0-9]{20,}`,
  String.raw`\bcio[A-Za-z0-9]{32}\b`,
  String.raw`\bdckr_(?:pat|oat)_[\w-]{20,}`,
  // Vault, Terraform, Pulumi, Doppler, Infisical, 1Password
  String.raw`\bhv[bsr]\.[\w-]{20,}`,
  String.raw`\b\w{14}\.atlasv1\.[\w=-]{20,}`,
  String.raw`\bpul-[a-f0-9]{40}`,
  String.raw`\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,}`,
  String.raw`\bops_eyJ[\w+/=-]{20,}`,
  String.raw`\bA3-[A-Z0-9]{6}-[A-Z0-9]{5,11}(?:-[A-Z0-9]{5,6}){3,}`,
  // Tailscale, Grafana, Sentry, New Relic, Databricks, PlanetScale, Linear, Postman, SendGrid, Twilio, Mailgun
  String.raw`\btskey-[\w-]{10,}`,
  String.raw`\bgl(?:sa|c)_[\w+/=]{20,}`,
  String.raw`\bsntry[su]_[\w+/=-]{20,}`,
  String.raw`\bNRAK-[A-Z0-9]{20,}`,
  String.raw`\bdapi[a-f0-9]{32}`,
  String.raw`\bpscale_(?:tkn|pw|oauth)_[\w.=-]{20,}`,
  String.raw`\blin_api_\w{20,}`,
  String.raw`\bPMAK-[a-f0-9-]{20,}`,
  String.raw`\bSG\.[\w-]{16,}\.[\w-]{16,}`,
  String.raw`\bSK[a-f0-9]{32}\b`,
  String.raw`\bkey-[a-f0-9]{32}\b`,
  // JSON Web Tokens (RFC 7519), and other JSON in base64; Cachix and Attic use them
  String.raw`\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`,
  String.raw`\beyJ[\w+/-]{40,}={0,2}`,
  // "-----BEGIN " and "AGE-SECRET-KEY-1" in base64
  String.raw`\bLS0tLS1CRUdJTi[\w+/-]{8,}={0,2}`,
  String.raw`\bQUdFLVNFQ1JFVC1LRVkt[\w+/-]{8,}={0,2}`,
  // crypt(5), and the same form of argon2 and scrypt
  String.raw`\$(?:[156]|2[abxy]|7|y|gy|sha1|md5|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$[\w./=,+-]+\$[\w./=,+$-]{8,}`,
];

export const TOKENS = new RegExp(SHAPES.join("|"), "gu");
