# What Ruby's rss library reads in strict mode: one line of JSON per file given on standard input.
require "json"
require "rss"

$stdin.each_line(chomp: true) do |path|
  feed = RSS::Parser.parse(File.read(path), true)
  atom = feed.is_a?(RSS::Atom::Feed)
  entries = (atom ? feed.entries : feed.items).map do |entry|
    link = atom ? entry.links.find { |one| one.rel.nil? || one.rel == "alternate" }&.href : entry.link
    date = atom ? (entry.published || entry.updated) : entry.pubDate
    {
      id: atom ? entry.id.content : entry.guid&.content,
      title: atom ? entry.title&.content : entry.title,
      link: link,
      content: atom ? (entry.content || entry.summary)&.content : (entry.content_encoded || entry.description),
      date: (date.respond_to?(:content) ? date.content : date)&.to_i,
    }
  end
  puts JSON.generate(entries)
end
