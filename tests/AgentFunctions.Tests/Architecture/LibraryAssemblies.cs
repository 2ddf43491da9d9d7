namespace AgentFunctions.Tests.Architecture;

/// <summary>The assemblies whose namespaces are rooms of the table.</summary>
internal static class LibraryAssemblies
{
    public static IReadOnlySet<string> Names { get; } =
        new HashSet<string> { "AgentFunctions", "AgentFunctions.Mcp", "AgentFunctions.Monitors", "AgentFunctions.OpenAI" };

    public static IEnumerable<string> All { get; } =
        [.. Names.Select(static name => Path.Combine(AppContext.BaseDirectory, name + ".dll")).Where(File.Exists)];
}
