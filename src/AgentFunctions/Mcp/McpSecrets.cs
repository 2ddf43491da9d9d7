namespace AgentFunctions.Mcp;

/// <summary>Takes the values that a server was configured with out of what it says, before a log or a model sees it.</summary>
internal sealed class McpSecrets
{
    private const int ShortestSecret = 6;
    private const string Mask = "***";

    private readonly string[] _values;

    public McpSecrets(IEnumerable<string> values) => _values =
    [
        .. values.SelectMany(static value => value.Split(' ').Append(value))
            .Where(static value => value.Length >= ShortestSecret)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(static value => value.Length),
    ];

    public string Hide(string text)
    {
        foreach (string value in _values)
        {
            text = text.Replace(value, Mask, StringComparison.Ordinal);
        }

        return text;
    }
}
