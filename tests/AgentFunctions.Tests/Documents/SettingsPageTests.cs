using System.Reflection;
using AgentFunctions.Tests.Architecture;

namespace AgentFunctions.Tests.Documents;

internal sealed class SettingsPageTests
{
    private static readonly string Codes = Path.Combine(Repository.Root, "docs", "reference", "codes.md");
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "reference", "settings.md");

    [Test]
    public void Page_Always_SaysWhatTheCodeSays() => Assert.That(
        File.ReadAllText(Page), Is.EqualTo(SettingsPage.Write()), "Write it anew: dotnet test tests/AgentFunctions.Tests --filter Name=RewriteSettingsPage");

    [Test]
    public void Page_Always_HasEverySectionOfTheHost()
    {
        IEnumerable<Type> bound = SettingsPage.Roots.Select(static root => root.Options.Assembly).Distinct()
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.GetField("Section", BindingFlags.Static | BindingFlags.Public) is not null);

        Assert.That(bound.Except(SettingsPage.Roots.Select(static root => root.Options)), Is.Empty);
        Assert.That(SettingsPage.Write(), Does.Contain("| `Gateway:Concurrency:Total` |").And.Contain("| `Api:Dashboard:Enabled` |").And.Not.Contain("|  |\n"), "each says what it is");
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
}
