// The page of the documentation that lists all keys, as Markdown: docs/annotate-keys.md.
import { keysOf } from "./chord";
import { GROUPS } from "./command";
import { COMMANDS } from ".";
import { POINTING } from "./pointing";

export function keysPage(): string {
  const groups = GROUPS.map((group) => {
    const rows = COMMANDS.filter((one) => one.group === group).map(
      ({ keys, name, what }) => `| ${keys.map(shown).join(", ")} | ${name} | ${escaped(what ?? "")} |`,
    );
    return `## ${group}\n\n| key | command | what it does |\n|---|---|---|\n${rows.join("\n")}\n`;
  });
  const pointing = POINTING.map(([what, how]) => `| ${how} | ${what} |`).join("\n");
  return `${HEAD}\n${groups.join("\n")}\n## Mouse, pen and touch\n\n| how | what |\n|---|---|\n${pointing}\n`;
}

const HEAD = `# Keys of the annotator

Everything can be done without a mouse. The sheet under \`?\` says the same, and switches single letters off for those who speak
to their machine or type with an aid. On a Mac the command key counts as Ctrl. This page is made from the page's own table of
commands: \`npm run keys\` in \`web/\`.
`;

function shown(chord: string): string {
  return keysOf(chord)
    .map((part) => `<kbd>${part}</kbd>`)
    .join("+");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
