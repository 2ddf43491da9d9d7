namespace AgentFunctions.Runs;

/// <summary>
/// Which runs are meant by a label: those that have it (<c>name</c>), or those that have it with a value (<c>name=value</c>).
/// </summary>
/// <param name="Name">The label's name.</param>
/// <param name="Value">Its value; <see langword="null"/> for any.</param>
internal readonly record struct LabelSelector(string Name, string? Value)
{
    public static LabelSelector Parse(string text)
    {
        int split = text.IndexOf('=', StringComparison.Ordinal);
        return split < 0 ? new LabelSelector(text, null) : new LabelSelector(text[..split], text[(split + 1)..]);
    }

    /// <summary>The value that a run has of the label; <see langword="null"/> if the run is not meant.</summary>
    /// <param name="labels">The run's labels.</param>
    public string? ValueIn(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Name, out string? value) && (Value is null || Value == value) ? value : null;
}
