using System.Text.RegularExpressions;
using AgentFunctions.Tests.Architecture;

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
        IEnumerable<string> pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"));

        string[] broken =
        [
            .. pages.SelectMany(static page => Link().Matches(File.ReadAllText(page))
                .Select(static link => link.Groups["to"].Value.Split('#')[0])
                .Where(to => to.Length > 0 && !to.Contains(':', StringComparison.Ordinal) && !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, to)))
                .Select(to => $"{Path.GetRelativePath(Repository.Root, page)} -> {to}")),
        ];

        Assert.That(broken, Is.Empty);
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Link();
}
