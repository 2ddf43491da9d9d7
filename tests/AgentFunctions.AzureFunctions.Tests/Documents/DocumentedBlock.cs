using System.Text.RegularExpressions;

namespace AgentFunctions.AzureFunctions.Tests.Documents;

/// <summary>A block of C# in a page, as a file that can be compiled.</summary>
/// <param name="Page">The page, from the root of the repository.</param>
/// <param name="Line">The line of its first line.</param>
/// <param name="Code">The block.</param>
/// <param name="Uses">The preludes that it is a part of; none for a whole program.</param>
internal sealed partial record DocumentedBlock(string Page, int Line, string Code, IReadOnlyList<string> Uses)
{
    private const string Placeholder = "//BLOCK";

    /// <summary>The prelude that every part of something has.</summary>
    private const string Usings = "usings";

    /// <summary>Reads the blocks of all pages.</summary>
    /// <param name="root">The root of the repository.</param>
    public static IReadOnlyList<DocumentedBlock> ReadAll(string root) =>
    [
        .. Pages(root).SelectMany(page => Block().Matches(File.ReadAllText(page))
            .Select(block => Of(Path.GetRelativePath(root, page), block))),
    ];

    /// <summary>Gets the pages whose blocks are compiled.</summary>
    /// <param name="root">The root of the repository.</param>
    public static IEnumerable<string> Pages(string root) =>
        new[] { "docs", "src", "samples", "skills", "templates" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.md", SearchOption.AllDirectories))
            .Where(static page => !page.Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj"))
            .Append(Path.Combine(root, "README.md"));

    /// <summary>Gets the file: each block in a namespace and a method of its own, where errors are those of the page.</summary>
    /// <param name="number">The number of the block.</param>
    /// <param name="prelude">Reads a prelude.</param>
    public string ToFile(int number, Func<string, string> prelude)
    {
        string code = $"#line {Line} \"{Page}\"\n{Code}\n#line default\n";
        string[] lines = Code.Split('\n');
        int usings = lines.TakeWhile(static line => line.Length == 0 || UsingDirective().IsMatch(line)).Count();
        string above = string.Join('\n', lines.Take(usings)) + (Uses.Count > 0 ? $"\n{prelude(Usings)}" : "");
        if (usings > 0)
        {
            code = $"#line {Line + usings} \"{Page}\"\n{string.Join('\n', lines.Skip(usings))}\n#line default\n";
        }

        string before = string.Concat(Uses.Where(static name => name != Usings).Select(prelude));
        string body = before.Contains(Placeholder, StringComparison.Ordinal)
            ? before.Replace(Placeholder, $"\n{code}", StringComparison.Ordinal)
            : before + code;
        return $$"""
            namespace Block{{number}};
            {{above}}
            {{(Uses.Count == 0 && Code.Contains("WebApplication", StringComparison.Ordinal) ? WebUsings : "")}}
            internal static class Program
            {
                public static async Task RunAsync(string[] args)
                {
            {{body}}
                    await Task.CompletedTask;
                }
            }
            """;
    }

    /// <summary>What the SDK for web apps adds to each file.</summary>
    private const string WebUsings = """
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Http;
        using Microsoft.Extensions.Configuration;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;
        using Microsoft.Extensions.Logging;
        """;

    private static DocumentedBlock Of(string page, Match block)
    {
        string before = block.Result("$`");
        string indent = block.Groups["indent"].Value;
        string code = block.Groups["code"].Value.Replace($"\n{indent}", "\n", StringComparison.Ordinal);
        return new DocumentedBlock(
            page.Replace('\\', '/'),
            before.Count(static c => c == '\n') + block.Groups["head"].Value.Count(static c => c == '\n') + 2,
            code[..^1][indent.Length..],
            [.. block.Groups["uses"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]);
    }

    [GeneratedRegex(@"^(?<head> *<!-- uses: (?<uses>[\w, ]+) -->\n+)?(?<indent> *)```csharp\n(?<code>.*?\n)\k<indent>```",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^using (static )?[\w.]+;$")]
    private static partial Regex UsingDirective();
}
