namespace AgentFunctions.Mcp;

/// <summary>
/// Takes the values that a server was configured with, or is shown, out of what it says, before a log or a model sees it.
/// </summary>
internal sealed class McpSecrets
{
    private const int ShortestSecret = 6;

    /// <summary>Tokens are renewed for as long as the host runs; older ones have expired.</summary>
    private const int MostAdded = 32;

    private const string Mask = "***";

    private readonly Lock _gate = new();
    private readonly string[] _configured;
    private volatile string[] _values;

    public McpSecrets(IEnumerable<string> values) => _values = _configured =
    [
        .. values.SelectMany(static value => value.Split(' ').Append(value))
            .Where(static value => value.Length >= ShortestSecret)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(static value => value.Length),
    ];

    /// <summary>Adds values that came later.</summary>
    public void Add(params ReadOnlySpan<string?> values)
    {
        foreach (string? value in values)
        {
            if (value is not { Length: >= ShortestSecret } || _values.Contains(value, StringComparer.Ordinal))
            {
                continue;
            }

            lock (_gate)
            {
                string[] added = [.. _values.Except(_configured, StringComparer.Ordinal).TakeLast(MostAdded - 1), value];
                _values = [.. _configured, .. added];
            }
        }
    }

    public string Hide(string text)
    {
        foreach (string value in _values)
        {
            text = text.Replace(value, Mask, StringComparison.Ordinal);
        }

        return text;
    }
}
