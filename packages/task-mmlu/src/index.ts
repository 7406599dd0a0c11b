export type { SplitName } from "./find-files.ts";
export { loadQuestions, loadTrainingQuestions } from "./load.ts";
export { type MmluComponent, mmlu } from "./mmlu.ts";
export type { MmluOptions } from "./options.ts";
export { type MmluProtocol, type ProtocolName, protocolNames, protocols } from "./protocols.ts";
export type { Question } from "./question.ts";
export { loadRequests, type RequestOptions } from "./requests.ts";
export { scoreAnswers } from "./score.ts";
export { CATEGORIES, type Category, SUBJECTS, type Subject, subjectNames } from "./subjects.ts";
