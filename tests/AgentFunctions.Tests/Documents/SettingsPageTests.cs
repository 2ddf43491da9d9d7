using System.Reflection;
using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

internal sealed partial class SettingsPageTests
{
    private static readonly string Codes = Path.Combine(Repository.Root, "docs", "reference", "codes.md");
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "reference", "settings.md");

    [Test]
    public void Page_Always_SaysWhatTheCodeSays() => Assert.That(
        File.ReadAllText(Page), Is.EqualTo(SettingsPage.Write()),
        "Write it anew: dotnet test tests/AgentFunctions.Tests --filter Name=RewriteSettingsPage");

    [Test]
    public void Page_Always_HasEverySectionOfTheHost()
    {
        IEnumerable<Type> bound = SettingsPage.Roots.Select(static root => root.Options.Assembly).Distinct()
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.Name.EndsWith("Options", StringComparison.Ordinal)
                && type.GetField("Section", BindingFlags.Static | BindingFlags.Public) is not null);

        Assert.That(bound.Except(SettingsPage.Roots.Select(static root => root.Options)), Is.Empty);
        Assert.That(SettingsPage.Write(),
            Does.Contain("| `Gateway:Concurrency:Total` |").And.Contain("| `Api:Dashboard:Enabled` |").And.Not.Contain("|  |\n"),
            "each says what it is");
    }

    [Test]
    public void Page_Always_HasWhatTheSourcesReadByName()
    {
        string page = File.ReadAllText(Page);
        string[] read = InSources(Literal());

        Assert.That(read, Has.Length.GreaterThan(5), "the sources are not where they are looked for");
        Assert.That(read.Where(name => !page.Contains($"| `{name}", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Page_Always_HasEverySectionThatTheSourcesBind()
    {
        string[] bound = InSources(Bound());

        Assert.That(bound, Has.Length.GreaterThan(5), "the sources are not where they are looked for");
        Assert.That(bound.Except(SettingsPage.Roots.Select(static root => root.Section.Split(':')[0])), Is.Empty);
    }

    [Test]
    public void Codes_Always_SayWhatTheCodeSays() => Assert.That(
        File.ReadAllText(Codes), Is.EqualTo(CodesPage.Write()), "Write it anew, as the page of settings.");

    [Test]
    [Explicit("Writes docs/reference anew.")]
    public void RewriteSettingsPage()
    {
        File.WriteAllText(Page, SettingsPage.Write());
        File.WriteAllText(Codes, CodesPage.Write());
    }

    private static string[] InSources(Regex name) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                StringComparison.Ordinal))
            .SelectMany(file => name.Matches(File.ReadAllText(file)).Select(static match => match.Groups[1].Value)).Distinct(),
    ];

    [GeneratedRegex("(?:configuration\\.GetSection\\(|const string Section = )\"(\\w+)\"")]
    private static partial Regex Bound();

    [GeneratedRegex("\"([A-Z]\\w+(?::[A-Z]\\w+)+)\"")]
    private static partial Regex Literal();
}
