using System.Runtime.CompilerServices;

namespace AgentFunctions.Tests.Architecture;

/// <summary>The files of the repository that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../.."));

    /// <summary>The source files below <c>src/</c>, with the paths that they have there.</summary>
    public static IEnumerable<string> Sources { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Select(static file => Path.GetRelativePath(Path.Combine(Root, "src"), file).Replace('\\', '/'))
        .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal)
            && !file.Contains("/bin/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)];

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
