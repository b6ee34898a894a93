// What readers written in JavaScript see: one line of JSON per file given on standard input. npm.mjs LIBRARY MODULES
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [library, modules] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const seconds = (date) => (date ? Math.floor(Date.parse(date) / 1000) : null);

const readers = {
  async feedsmith(text) {
    const { parseFeed } = await import(pathToFileURL(require.resolve("feedsmith")));
    const { format, feed } = parseFeed(text);
    if (format === "rss") {
      return feed.items.map((item) => ({
        id: item.guid?.value,
        title: item.title,
        link: item.link,
        date: seconds(item.pubDate),
        content: item.content?.encoded ?? item.description,
      }));
    }
    if (format === "json") {
      return feed.items.map((item) => ({
        id: item.id,
        title: item.title,
        link: item.url,
        date: seconds(item.date_published),
        content: item.content_html,
      }));
    }
    const alternate = (entry) => entry.links.find((link) => (link.rel ?? "alternate") === "alternate")?.href;
    return feed.entries.map((entry) => ({
      id: entry.id,
      title: entry.title?.value ?? entry.title,
      link: alternate(entry),
      date: seconds(entry.published),
      content: (entry.content?.value ?? entry.content) || (entry.summary?.value ?? entry.summary),
    }));
  },
  async "rss-parser"(text) {
    const Parser = require("rss-parser");
    const feed = await new Parser().parseString(text);
    return feed.items.map((item) => ({
      id: item.guid ?? item.id,
      title: item.title,
      link: item.link,
      date: seconds(item.isoDate),
      content: item["content:encoded"] ?? item.content ?? item.summary,
    }));
  },
  async "feed-parser"(text) {
    const { parseFeed } = require("@rowanmanning/feed-parser");
    return parseFeed(text).items.map((item) => ({
      id: item.id,
      title: item.title,
      link: item.url,
      date: seconds(item.published),
      content: item.content ?? item.description,
    }));
  },
};

for await (const path of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await readers[library](readFileSync(path, "utf8"))));
}
