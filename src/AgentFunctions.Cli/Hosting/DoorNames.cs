namespace AgentFunctions.Cli.Hosting;

/// <summary>The protocols that <c>serve</c> speaks beside the HTTP API, by the names that its option has for them.</summary>
internal static class DoorNames
{
    private static readonly string[] Known = ["mcp", "openai", "a2a", "agui"];

    /// <summary>Gets the names of all of them.</summary>
    public static string All { get; } = string.Join(',', Known);

    /// <summary>Reads a list of names, in the form of the setting <c>Doors:Open</c>.</summary>
    /// <param name="list">The list; <see langword="null"/> if the option is not given.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a name is unknown.</exception>
    public static string? Read(string? list)
    {
        if (list is null)
        {
            return null;
        }

        string[] names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names is [] or ["none"] ? "none"
            : Array.Find(names, static name => !Known.Contains(name)) is { } unknown
                ? throw new AgentException(ErrorCode.InvalidInput, $"--doors: '{unknown}' is unknown; use {All}, or none.")
                : string.Join(',', names);
    }
}
