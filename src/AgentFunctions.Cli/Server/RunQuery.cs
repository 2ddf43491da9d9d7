namespace AgentFunctions.Cli.Server;

/// <summary>Which runs are meant.</summary>
/// <param name="Status">Only runs of this status.</param>
/// <param name="Agent">Only runs of this agent.</param>
/// <param name="Label">Only runs with this label: a name, or name=value.</param>
internal readonly record struct RunQuery(string? Status = null, string? Agent = null, string? Label = null)
{
    /// <summary>Gets the further parts of the query of an address.</summary>
    public override string ToString() => $"{Part("status", Status)}{Part("agent", Agent)}{Part("label", Label)}";

    private static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
