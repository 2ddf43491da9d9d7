namespace AgentFunctions.TestKit;

/// <summary>The files of the repository that these tests were built from.</summary>
public static class Repository
{
    /// <summary>Gets the folder of the repository.</summary>
    public static string Root { get; } = Find();

    /// <summary>Gets the source files below <c>src/</c>, with the paths that they have there.</summary>
    public static IEnumerable<string> Sources { get; } =
        [.. Directory.EnumerateFiles(Path("src"), "*.cs", SearchOption.AllDirectories)
        .Select(static file => System.IO.Path.GetRelativePath(Path("src"), file).Replace('\\', '/'))
        .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal)
            && !file.Contains("/bin/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)];

    /// <summary>Gets where a file or folder is.</summary>
    /// <param name="path">Its path within the repository.</param>
    public static string Path(string path) => System.IO.Path.Combine(Root, path);

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path within the repository.</param>
    public static string Text(string path) => File.ReadAllText(Path(path));

    private static string Find()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "AgentFunctions.sln")))
        {
            folder = System.IO.Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("AgentFunctions.sln is in no folder above the tests.");
        }

        return folder;
    }
}
