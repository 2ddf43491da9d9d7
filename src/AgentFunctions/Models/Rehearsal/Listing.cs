using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>The files of a workspace as <c>list_files</c> printed them.</summary>
/// <param name="Files">The files, in the order of the list.</param>
internal sealed partial record Listing(IReadOnlyList<ListedFile> Files)
{
    private static readonly string[] SourceTypes =
        [".cs", ".ts", ".tsx", ".js", ".py", ".go", ".rs", ".java", ".kt", ".rb", ".php", ".c", ".cpp", ".h", ".sql", ".sh",
            ".fs"];

    private static readonly string[] Manifests =
        [".sln", ".slnx", ".csproj", "package.json", "pyproject.toml", "Cargo.toml", "go.mod", "pom.xml", "Dockerfile",
            "Makefile"];

    /// <summary>Reads the lines <c>path  size</c>; others are left out.</summary>
    public static Listing Parse(IEnumerable<string> results, string without) => new(
    [
        .. results.SelectMany(static result => result.Split('\n'))
            .Select(static line => Line().Match(line))
            .Where(static match => match.Success)
            .Select(static match => new ListedFile(
                match.Groups["path"].Value,
                long.TryParse(match.Groups["size"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                    ? size
                    : null))
            .Where(file => file.Path != without)
            .DistinctBy(static file => file.Path),
    ]);

    /// <summary>
    /// The files that say most about the whole: what people are told, how it is built, and the largest sources.
    /// </summary>
    public IEnumerable<string> MostTelling() =>
    [
        .. Files.Where(static file => file.Name.StartsWith("README", StringComparison.OrdinalIgnoreCase))
            .OrderBy(static file => file.Path.Length).Take(1)
            .Concat(Files.Where(static file => Manifests.Any(manifest => file.Name.EndsWith(manifest, StringComparison.Ordinal)))
                .OrderBy(static file => file.Path.Length).Take(2))
            .Concat(Files.Where(IsSource).OrderByDescending(static file => file.Size ?? 0)
                .ThenBy(static file => file.Path, StringComparer.Ordinal).Take(3))
            .Select(static file => file.Path)
            .Distinct(),
    ];

    public static bool IsSource(ListedFile file) => SourceTypes.Contains(file.Type, StringComparer.OrdinalIgnoreCase);

    public bool Has(Func<ListedFile, bool> which) => Files.Any(which);

    [GeneratedRegex(
        @"^(?<path>[^\s:][^:\r\n]*?)(\t|\s{2,})\s*\(?(?<size>\d+)\b[^/\\\r\n]{0,12}\r?$|^(?=\S*[./])(?<path>[^\s:]+[^\s:./])\r?$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Line();
}

/// <summary>A file of a workspace.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Size">Its size in bytes, where the list told.</param>
internal sealed record ListedFile(string Path, long? Size)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public string Type => System.IO.Path.GetExtension(Path);
}
