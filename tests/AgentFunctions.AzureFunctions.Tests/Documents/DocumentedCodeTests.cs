namespace AgentFunctions.AzureFunctions.Tests.Documents;

/// <summary>Every block of C# in README, the pages and the readmes of packages compiles as it is printed.</summary>
/// <remarks>
/// A block that is a part of something names what stands around it, in a comment above it: <c>&lt;!-- uses: builder, mail
/// --&gt;</c> are the files of these names in <c>Preludes</c>. One without a comment is a whole program.
/// </remarks>
internal sealed class DocumentedCodeTests
{
    private const string Wrong = "README.md.wrong";

    [Test]
    [CancelAfter(300_000)]
    public async Task Blocks_OfAllPages_Compile(CancellationToken cancellationToken)
    {
        IReadOnlyList<DocumentedBlock> blocks = DocumentedBlock.ReadAll(Repository.Root);
        Dictionary<string, string> files = Directory.EnumerateFiles(Repository.Path("templates/common/AgentApp"), "*.cs")
            .ToDictionary(static file => Path.GetFileName(file),
                static file => $"using Microsoft.Extensions.DependencyInjection;\n{File.ReadAllText(file)}");
        files["Mail.cs"] = Prelude("mail-service");
        files["Bank.cs"] = Prelude("bank-service");
        foreach ((int number, DocumentedBlock block) in blocks.Append(new DocumentedBlock(Wrong, 7, "Run run = 7;", ["run"]))
            .Index())
        {
            files[$"Block{number}.cs"] = block.ToFile(number, Prelude);
        }

        IReadOnlyList<string> errors = await CompilerRun.ErrorsAsync(files, cancellationToken);

        Assert.That(blocks.Select(static block => block.Page),
            Is.SupersetOf(new[] { "README.md", "docs/tools.md", "src/AgentFunctions.Testing/README.md" }));
        Assert.That(errors.Where(static error => !error.StartsWith(Wrong, StringComparison.Ordinal)), Is.Empty);
        Assert.That(errors, Has.Some.StartsWith($"{Wrong}(7,").And.Contains("error CS"),
            "a block that does not compile is found, by its line");
    }

    [Test]
    public void Readmes_OfPackages_AreWholePrograms() => Assert.That(
        DocumentedBlock.ReadAll(Repository.Root)
            .Where(static block => block.Page.StartsWith("src/", StringComparison.Ordinal) && block.Uses.Count > 0), Is.Empty,
        "the gallery shows a comment as text");

    [Test]
    public void Fences_OfAllPages_WriteCSharpInOneWay() => Assert.That(
        DocumentedBlock.Pages(Repository.Root)
            .Where(static page => File.ReadLines(page).Any(static line => line.TrimStart() is "```cs" or "```c#" or "```C#")),
            Is.Empty,
        "write csharp, which is compiled");

    private static string Prelude(string name)
    {
        string file = Repository.Path($"tests/AgentFunctions.AzureFunctions.Tests/Documents/Preludes/{name}.txt");
        return File.Exists(file)
            ? File.ReadAllText(file)
            : throw new InvalidOperationException($"There is no prelude '{name}'; use one of the folder Preludes.");
    }
}
