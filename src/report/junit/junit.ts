import { formatUtc } from "../../time/format-time.ts";
import { judgedVms, type Judgement } from "../judged.ts";
import { hostName, type Report, type Reports } from "../report.ts";
import { plain, sentence } from "../words.ts";
import { coverageCase } from "./coverage-case.ts";
import { ruleCases } from "./rule-cases.ts";
import { caseElement, countsOf, type TestCase } from "./test-case.ts";
import { element, xmlDocument, type Xml } from "./xml.ts";

/**
 * Judgements as JUnit XML, in the form that Jenkins and GitLab read: a suite for each host and each VM, a case for each rule, and one for
 * what could be looked at. There is a failure or an error in it exactly where the command does not end with 0.
 */
export const renderJunit = (reports: Reports, judgement: Judgement): string => {
  const suites = reports.flatMap((report) => suitesOf(report, judgement));
  const { tests, failures, errors } = countsOf(suites.flatMap(({ cases }) => cases));
  return xmlDocument(
    element(
      "testsuites",
      { name: `mvdoctor ${judgement.view}`, tests, failures, errors },
      suites.map((suite) => suiteElement(suite)),
    ),
  );
};

interface Suite {
  readonly name: string;
  readonly host: string;
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly TestCase[];
}

const suitesOf = (report: Report, judgement: Judgement): readonly Suite[] => {
  const { view } = judgement;
  const host = hostName(report);
  // Without a zone and a fraction of the second, as its readers want it.
  const timestamp = formatUtc(report.generatedAt).slice(0, "2025-09-27T05:52:00".length);
  return [
    {
      name: host,
      host,
      timestamp,
      properties: {},
      cases: [coverageCase(report, judgement, undefined)],
    },
    ...judgedVms(report, view).map((one): Suite => ({
      name: `${host}.${one.vm.vm}`,
      host,
      timestamp,
      properties:
        view === "check"
          ? {
              prediction: one.vm.nextStart.prediction,
              basis: sentence(one.vm.nextStart.basis, report.zone),
            }
          : {
              status: one.vm.status,
              everWorked: one.vm.everWorked.answer,
              rootCauses: one.vm.rootCauses.join(" "),
            },
      cases: [coverageCase(report, judgement, one.vm), ...ruleCases(one, report, judgement)],
    })),
  ];
};

const suiteElement = ({ name, host, timestamp, properties, cases }: Suite): Xml =>
  element("testsuite", { name, ...countsOf(cases), hostname: host, timestamp }, [
    ...propertiesElement(properties),
    ...cases.map((one) => caseElement(one, name)),
  ]);

const propertiesElement = (properties: Suite["properties"]): readonly Xml[] => {
  const all = Object.entries(properties);
  return all.length === 0
    ? []
    : [
        element(
          "properties",
          {},
          all.map(([name, value]) => element("property", { name, value: plain(value) })),
        ),
      ];
};
