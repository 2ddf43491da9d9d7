using System.Globalization;
using System.Text.Json;
using AgentFunctions.Core.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AgentFunctions.Core.Yaml;

/// <summary>A mapping of a policy file that is read key by key; what is wrong is reported with file, line and remedy.</summary>
internal sealed class YamlMap
{
    /// <summary>The stream, the document and what is in it. What reads them goes down as deep as they are.</summary>
    private const int MaxDepth = 64;

    private readonly string _path;
    private readonly string _at;
    private readonly YamlMappingNode _node;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private YamlMap(string path, string at, YamlMappingNode node) => (_path, _at, _node) = (path, at, node);

    /// <summary>Gets the line on which it begins, from 1.</summary>
    public long Line => _node.Start.Line;

    /// <summary>Gets the names of its keys, in order.</summary>
    public IEnumerable<string> Keys => _node.Children.Keys.Select(key => ((YamlScalarNode)key).Value!);

    /// <summary>Reads a whole file.</summary>
    public static YamlMap Parse(string text, string path)
    {
        var stream = new YamlStream();
        try
        {
            RefuseAliases(text, path);
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw Broken(path, e.Start.Line, $"this is no YAML: {e.Message}", "mend the line", e);
        }

        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            throw Broken(path, 1, "a policy is one document with keys", "begin with 'rules:'");
        }

        return Of(path, "", root);
    }

    public bool Has(string key) => _node.Children.ContainsKey(new YamlScalarNode(key));

    public string? Text(string key) => Find(key) is { } node ? Scalar(node, key) : null;

    public string RequiredText(string key, string remedy) =>
        Text(key) is { Length: > 0 } text ? text : throw Error($"'{key}' is missing", remedy);

    public bool? Flag(string key) => Text(key) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw Error(key, $"'{key}' is neither true nor false", "write one of them"),
    };

    public int? Whole(string key, int least) => Text(key) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least ? number
        : throw Error(key, $"'{key}' is not a whole number from {least} on", "write one");

    public decimal? Number(string key) => Text(key) is not { } text ? null
        : decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) ? number
        : throw Error(key, $"'{key}' is not a number", "write one, for instance 100 or 0.5");

    public TimeSpan? Duration(string key) => Text(key) is not { } text ? null
        : DurationText.TryParse(text, out TimeSpan duration) && duration > TimeSpan.Zero ? duration
        : throw Error(key, $"'{key}' is not a duration", "write for instance 90s, 30m, 5h, 2d or PT5H");

    public T? Choice<T>(string key)
        where T : struct, Enum => Text(key) is { } text ? ParseChoice<T>(key, text) : null;

    public IReadOnlySet<T>? Choices<T>(string key)
        where T : struct, Enum => Texts(key)?.Select(text => ParseChoice<T>(key, text)).ToHashSet();

    /// <summary>One text or a list of them.</summary>
    public IReadOnlyList<string>? Texts(string key) => Find(key) switch
    {
        null => null,
        YamlSequenceNode list when list.Children.Count > 0 => [.. list.Children.Select(item => Scalar(item, key))],
        YamlSequenceNode => throw Error(key, $"'{key}' is an empty list", "name at least one, or leave the key out"),
        { } node => [Scalar(node, key)],
    };

    public YamlMap? Map(string key) => Find(key) switch
    {
        null => null,
        YamlMappingNode map => Of(_path, Below(key), map),
        _ => throw Error(key, $"'{key}' must have keys of its own", "indent them below it"),
    };

    /// <summary>One mapping or a list of them.</summary>
    public IReadOnlyList<YamlMap> Maps(string key) => Find(key) switch
    {
        null => [],
        YamlMappingNode map => [Of(_path, Below(key), map)],
        YamlSequenceNode list => [.. list.Children.Select((item, i) => item is YamlMappingNode map
            ? Of(_path, $"{Below(key)}[{i}]", map)
            : throw Broken(_path, item.Start.Line, $"{Below(key)}[{i}]: an entry must have keys", "write them as '- name: …'"))],
        _ => throw Error(key, $"'{key}' must be a list", "write its entries as '- name: …'"),
    };

    /// <summary>Any value, as JSON.</summary>
    public JsonElement Json(string key) => JsonSerializer.SerializeToElement(
        YamlToJson.Read(Find(key)!,
            node => Broken(_path, node.Start.Line, $"{Below(key)}: this value cannot be JSON",
                "write plain text, numbers, lists or keys")),
        CoreJsonContext.Default.JsonNode);

    /// <summary>Refuses keys that nobody has asked for: a misspelt condition must not make a rule wider.</summary>
    public void Close()
    {
        foreach (YamlNode key in _node.Children.Keys)
        {
            string name = ((YamlScalarNode)key).Value!;
            if (!_read.Contains(name))
            {
                throw Broken(
                    _path, key.Start.Line, $"{Below(name)}: there is no such key here",
                    $"use {string.Join(", ", _read.Order(StringComparer.Ordinal))}");
            }
        }
    }

    public AgentException Error(string problem, string remedy) =>
        Broken(_path, _node.Start.Line, _at.Length == 0 ? problem : $"{_at}: {problem}", remedy);

    public AgentException Error(string key, string problem, string remedy) =>
        Broken(_path, Find(key)?.Start.Line ?? _node.Start.Line, _at.Length == 0 ? problem : $"{_at}: {problem}", remedy);

    /// <summary>A few lines of aliases can stand for gigabytes, and no policy needs them.</summary>
    private static void RefuseAliases(string text, string path)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > MaxDepth)
            {
                throw Broken(path, parser.Current.Start.Line, "values are nested too deep", "write them flatter");
            }

            if (parser.Current is AnchorAlias alias)
            {
                throw Broken(path, alias.Start.Line, "aliases (*name) are not supported", "write the value out");
            }
        }
    }

    private static AgentException Broken(string path, long line, string problem, string remedy, Exception? cause = null) =>
        new(ErrorCode.InvalidInput, $"{path}:{line}: {problem}; {remedy}.", cause);

    private static YamlMap Of(string path, string at, YamlMappingNode node)
    {
        foreach (YamlNode key in node.Children.Keys)
        {
            if (key is not YamlScalarNode)
            {
                throw Broken(path, key.Start.Line, "a key must be plain text", "write 'name: value'");
            }
        }

        return new YamlMap(path, at, node);
    }

    private YamlNode? Find(string key)
    {
        _read.Add(key);
        if (!_node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node))
        {
            return null;
        }

        return node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" }
            ? throw Broken(_path, node.Start.Line, $"{Below(key)}: the value is missing", "give one, or leave the key out")
            : node;
    }

    private string Scalar(YamlNode node, string key) => node is YamlScalarNode { Value: { } value }
        ? value
        : throw Broken(_path, node.Start.Line, $"{Below(key)}: this must be plain text", "write one value, or a list of values");

    private T ParseChoice<T>(string key, string text)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName)];
        return Array.IndexOf(names, text) is >= 0 and var i
            ? Enum.GetValues<T>()[i]
            : throw Error(key, $"{key}: '{text}' is not known", $"use {string.Join(", ", names)}");
    }

    private string Below(string key) => _at.Length == 0 ? key : $"{_at}.{key}";
}
