using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AgentFunctions.Agents;

/// <summary>One key of a file's front matter.</summary>
/// <param name="Key">The key.</param>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Value">Its value as JSON; <see langword="null"/> when it is empty.</param>
internal sealed record FrontMatterEntry(string Key, int Line, JsonNode? Value);

/// <summary>A Markdown file's front matter and the text below it.</summary>
internal sealed partial class FrontMatter
{
    private const string Fence = "---";

    private readonly string _path;
    private readonly List<FrontMatterEntry> _entries = [];
    private readonly List<AgentFileNote> _notes = [];

    private FrontMatter(string path, string body) => (_path, Body) = (path, body);

    /// <summary>Gets the keys in the order of the file.</summary>
    public IReadOnlyList<FrontMatterEntry> Entries => _entries;

    /// <summary>Gets what the file's author should know.</summary>
    public IReadOnlyList<AgentFileNote> Notes => _notes;

    /// <summary>Gets the text below the front matter, trimmed.</summary>
    public string Body { get; }

    /// <summary>Whether a text begins with front matter.</summary>
    /// <param name="text">The text.</param>
    public static bool Opens(string text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().TrimStart('\uFEFF');
        int end = rest.IndexOf('\n');
        return (end < 0 ? rest : rest[..end]).TrimEnd().SequenceEqual(Fence);
    }

    /// <summary>Takes a text apart.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The file, for errors.</param>
    public static FrontMatter Read(string text, string path)
    {
        string[] lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        if (!Opens(text))
        {
            throw AgentFile.Broken(path, 1, "the file must begin with front matter: a line '---', then 'name: ...', then '---'.");
        }

        int close = Array.FindIndex(lines, 1, static line => line.TrimEnd() == Fence);
        if (close < 0)
        {
            throw AgentFile.Broken(path, 1, "the front matter is not closed; put a line '---' below its last key.");
        }

        var matter = new FrontMatter(path, string.Join('\n', lines[(close + 1)..]).Trim());
        matter.ReadYaml(lines[1..close]);
        return matter;
    }

    private void ReadYaml(string[] lines)
    {
        string[] asWritten = [.. lines];
        try
        {
            _entries.AddRange(ReadEntries(lines));
        }
        catch (YamlException error)
        {
            // Claude Code takes descriptions that are no YAML, with ': ' in them or examples below them, and many of its files
            // rely on that.
            _entries.AddRange(ReadQuoted(lines) ?? ReadLoosely(asWritten) ?? throw Broken(error, asWritten));
        }
    }

    private List<FrontMatterEntry>? ReadQuoted(string[] lines)
    {
        try
        {
            return QuoteDescription(lines) ? ReadEntries(lines) : null;
        }
        catch (YamlException)
        {
            _notes.Clear();
            return null;
        }
    }

    private List<FrontMatterEntry>? ReadLoosely(string[] lines)
    {
        List<FrontMatterEntry>? entries = LooseFrontMatter.Read(lines, ReadEntries);
        if (entries?.FirstOrDefault(static entry => FrontMatterKeys.Of(entry.Key) == "description") is { } description)
        {
            _notes.Add(new AgentFileNote(_path, description.Line,
                "description: read as plain text up to the next key; indent it below 'description: |' to make it valid YAML."));
        }

        return entries;
    }

    private AgentException Broken(YamlException error, string[] lines) =>
        // The reader stops where it can go no further, which may be lines away from the tab that it cannot take.
        Array.FindIndex(lines, static line => IndentedByTab().IsMatch(line)) is >= 0 and int tab
            && !error.Message.Contains("stands twice", StringComparison.Ordinal)
            ? AgentFile.Broken(_path, tab + 2, "the front matter is not valid YAML: a tab indents this line; use spaces.", error)
            : AgentFile.Broken(_path, Line(error.End), $"the front matter is not valid YAML: {error.Message.TrimEnd('.')}.",
                error);

    private bool QuoteDescription(string[] lines)
    {
        int index = Array.FindIndex(lines, static line => UnquotedDescription().IsMatch(line));
        if (index < 0)
        {
            return false;
        }

        string value = UnquotedDescription().Match(lines[index]).Groups[1].Value;
        lines[index] = $"description: '{value.Replace("'", "''", StringComparison.Ordinal)}'";
        _notes.Add(new AgentFileNote(_path, index + 2,
            "description: read as plain text; put quotes around it to make it valid YAML."));
        return true;
    }

    private static List<FrontMatterEntry> ReadEntries(string[] lines)
    {
        var parser = new Parser(new StringReader(string.Join('\n', lines)));
        try
        {
            return ReadEntries(parser);
        }
        catch (InvalidOperationException error)
        {
            // What the parser throws for some broken text, an unclosed '[' for one.
            Mark last = parser.Current?.End ?? Mark.Empty;
            throw new YamlException(last, last, "a bracket or a quote is not closed, or stands where it must not", error);
        }
    }

    private static List<FrontMatterEntry> ReadEntries(Parser parser)
    {
        var entries = new List<FrontMatterEntry>();
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
        {
            return entries;
        }

        if (!parser.TryConsume<MappingStart>(out _))
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End,
                "it must consist of lines such as 'name: my-agent'");
        }

        while (!parser.TryConsume<MappingEnd>(out _))
        {
            Scalar key = parser.Consume<Scalar>();
            if (entries.Any(entry => entry.Key == key.Value))
            {
                throw new YamlException(key.Start, key.End, $"the key '{key.Value}' stands twice");
            }

            entries.Add(new FrontMatterEntry(key.Value, Line(key.Start), YamlToJson.Read(parser)));
        }

        parser.Consume<DocumentEnd>();
        parser.Consume<StreamEnd>();
        return entries;
    }

    // The opening fence is the file's first line.
    private static int Line(Mark mark) => (int)mark.Line + 1;

    [GeneratedRegex(@"^ *\t\s*\S", RegexOptions.CultureInvariant)]
    private static partial Regex IndentedByTab();

    [GeneratedRegex(@"^description:\s+([^'""|>\[{&*!\s].*?)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex UnquotedDescription();
}
