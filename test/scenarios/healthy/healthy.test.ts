import { tellScenarios } from "../../support/tell-scenarios.ts";

await tellScenarios("healthy");
