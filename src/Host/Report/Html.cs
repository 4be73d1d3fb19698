using System.Net;
using System.Text;

namespace NoProp.Host.Report;

/// <summary>Parts of an HTML page that is well-formed XML too. Every text is escaped.</summary>
internal static class Html
{
    /// <summary>A text as it stands between tags or in an attribute; control characters, which no page may hold, become spaces.</summary>
    public static string Text(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.Select(letter => (char.IsControl(letter) && letter != '\n') || letter is '\uFFFE' or '\uFFFF' ? ' ' : letter)));

    /// <summary>A section with a heading.</summary>
    public static string Section(string title, params IEnumerable<string> content) => $"<section>\n<h2>{Text(title)}</h2>\n{string.Concat(content)}</section>\n";

    /// <summary>A paragraph.</summary>
    public static string Paragraph(string text) => $"<p>{Text(text)}</p>\n";

    /// <summary>A list of sentences; nothing where there are none.</summary>
    public static string List(IEnumerable<string> entries)
    {
        string items = string.Concat(entries.Select(entry => $"<li>{Text(entry)}</li>\n"));
        return items.Length == 0 ? "" : $"<ul>\n{items}</ul>\n";
    }

    /// <summary>A table whose first column heads its rows.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="header">Heads of the columns.</param>
    /// <param name="rows">Cells; nothing is written where there are no rows.</param>
    public static string Table(string caption, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        StringBuilder body = new();
        foreach (IReadOnlyList<string> row in rows)
        {
            body.Append("<tr><th scope=\"row\">").Append(Text(row[0])).Append("</th>");
            foreach (string cell in row.Skip(1))
            {
                body.Append("<td>").Append(Text(cell)).Append("</td>");
            }

            body.Append("</tr>\n");
        }

        string heads = string.Concat(header.Select(head => $"<th scope=\"col\">{Text(head)}</th>"));
        return body.Length == 0 ? "" : $"<div class=\"wide\"><table>\n<caption>{Text(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n";
    }

    /// <summary>Something that is shown on demand.</summary>
    public static string Details(string summary, string content) => content.Length == 0 ? "" : $"<details><summary>{Text(summary)}</summary>\n{content}</details>\n";

    /// <summary>A picture, in the page itself.</summary>
    public static string Figure(ReportFigure figure) =>
        $"<figure>\n<img src=\"data:image/png;base64,{Convert.ToBase64String(figure.Png)}\" alt=\"{Text(figure.Title)}\" />\n<figcaption>{Text(figure.Caption)}</figcaption>\n</figure>\n";

    /// <summary>A whole page.</summary>
    public static string Page(string title, IEnumerable<string> content) => $$"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{{Text(title)}}</title>
        <style>
        :root { color-scheme: light dark; --text: #1f2328; --back: #ffffff; --soft: #f4f6f8; --line: #d0d7de; --dim: #59636e; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0d1117; --soft: #161b22; --line: #30363d; --dim: #9198a1; } }
        body { margin: 0 auto; max-width: 1140px; padding: 1.5rem; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; margin: 1rem 0; }
        table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--dim); padding-bottom: .4rem; }
        th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: right; vertical-align: top; }
        thead th { background: var(--soft); }
        tbody th { text-align: left; font-weight: 500; background: var(--soft); }
        td { overflow-wrap: anywhere; max-width: 34rem; }
        figure { margin: 1rem 0; }
        img { display: block; max-width: 100%; height: auto; background: #ffffff; border: 1px solid var(--line); border-radius: 6px; }
        figcaption { color: var(--dim); font-size: .9rem; margin-top: .4rem; }
        summary { cursor: pointer; margin: .5rem 0; }
        </style>
        </head>
        <body>
        {{string.Concat(content)}}</body>
        </html>

        """;
}
