using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

/// <summary>README is short, its program is one that is built, and its links lead somewhere.</summary>
internal sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    [Test]
    public void Readme_Always_HasAtMost120Lines() => Assert.That(Readme.Split('\n'), Has.Length.AtMost(121));

    [Test]
    public void Program_Always_IsTheOneThatIsBuilt()
    {
        string printed = CSharp().Match(Readme).Groups["code"].Value;

        Assert.That(printed, Is.EqualTo(File.ReadAllText(Path.Combine(Repository.Root, "samples", "FirstAgent", "Program.cs"))));
    }

    [Test]
    public void Links_OfAllPages_LeadToFiles()
    {
        IEnumerable<string> pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md",
            SearchOption.AllDirectories)
            .Concat(Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
                .Select(static project => Path.Combine(project, "README.md")))
            .Append(Path.Combine(Repository.Root, "README.md")).Append(Path.Combine(Repository.Root, "llms.txt"));

        string[] broken =
        [
            .. pages.SelectMany(static page => Link().Matches(File.ReadAllText(page))
                .Select(static link => link.Groups["to"].Value.Split('#')[0])
                .Where(to => to.Length > 0 && !to.Contains(':', StringComparison.Ordinal)
                    && !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, to)))
                .Select(to => $"{Path.GetRelativePath(Repository.Root, page)} -> {to}")),
        ];

        Assert.That(broken, Is.Empty);
    }

    [Test]
    public void Llms_Always_ListsEveryPage()
    {
        string list = File.ReadAllText(Path.Combine(Repository.Root, "llms.txt"));

        Assert.That(Pages().Where(page => !list.Contains($"({page})", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Readme_Always_LeadsToEveryPage() =>
        Assert.That(Pages().Where(static page => !Readme.Contains($"({page})", StringComparison.Ordinal)), Is.Empty);

    [Test]
    public void RepositoryAddress_Always_IsSaidInOnePlace()
    {
        string[] kinds = [".cs", ".csproj", ".json", ".md", ".props", ".targets", ".txt", ".yaml", ".yml"];
        string place = Path.Combine(Repository.Root, "src", "Package.props");
        string address = RepositoryUrl().Match(File.ReadAllText(place)).Groups["url"].Value;
        IEnumerable<string> others = new[] { "docs", "infra", "samples", "skills", "src", "templates", ".github" }
            .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*",
                SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Repository.Root))
            .Where(file => kinds.Contains(Path.GetExtension(file)) && file != place
                && !file.Split(Path.DirectorySeparatorChar)
                    .Any(static part => part is "bin" or "obj" or "node_modules" or "TestResults"));

        Assert.That(address, Does.StartWith("https://"));
        Assert.That(others.Where(file => File.ReadAllText(file).Contains(address, StringComparison.OrdinalIgnoreCase)), Is.Empty);
    }

    /// <summary>The pages that people read; the decisions have a page of their own.</summary>
    private static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Select(static page => Path.GetRelativePath(Repository.Root, page).Replace('\\', '/'))
        .Where(static page => !page.StartsWith("docs/adr/", StringComparison.Ordinal));

    [GeneratedRegex("<RepositoryUrl>(?<url>[^<]+)</RepositoryUrl>")]
    private static partial Regex RepositoryUrl();

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Link();
}
