// html-validate's rules for letters: everything it recommends and everything about accessibility. What is switched off
// here is wrong for mail, each with its reason; what html-validate finds beyond that is a fault.

const outlook = { deprecated: false }; // The Word engine of Outlook for Windows takes these from attributes only.

export default {
  root: true,
  extends: ["html-validate:recommended", "html-validate:a11y"],
  elements: [
    "html5",
    {
      table: { attributes: { align: outlook, border: outlook, cellpadding: outlook, cellspacing: outlook, width: outlook } },
      td: { attributes: { align: outlook } },
    },
  ],
  rules: {
    // Not part of what it recommends: one h1, and no level left out.
    "heading-level": "error",
    // Gmail and Outlook drop style sheets in places, and with them everything that is not written into the tags.
    "no-inline-style": "off",
    // Conditional comments are how Outlook for Windows gets a table of a fixed width; everybody else reads comments.
    "no-conditional-comment": "off",
    // <title> is the subject, as long as the author's title: no mail program shows it on a tab.
    "long-title": "off",
    // Mail programs turn <article> into <div> or drop it; the role on a <div> survives in more of them.
    "prefer-native-element": ["error", { exclude: ["article"] }],
  },
};
