using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Policies;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Governance.Policies;

public sealed class PolicySourceTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 6, 12, 0, 0, TimeSpan.Zero));

    [Test]
    public void Current_NoPolicyConfigured_AllowsWhatTheHostRegistered()
    {
        PolicyDecision decision = Open(null).Current.Decide(Actions.Call("write_file", ToolEffect.Idempotent));

        Assert.That(decision.Verdict, Is.EqualTo(PolicyVerdict.Allow));
    }

    [Test]
    public void Current_FileChanged_HoldsWithinASecond()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, "rules: [{name: first, when: {tool: x}, then: allow}]");
        PolicySource source = Open(file);
        string before = source.Current.Hash;

        Write(folder, "rules: [{name: second-rule, when: {tool: x}, then: allow}]");
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(source.Current.Decide(Actions.Call("x")).Rule, Is.EqualTo("second-rule"));
        Assert.That(source.Current.Hash, Is.Not.EqualTo(before));
    }

    [Test]
    public void Current_ChangeIsBroken_OldPolicyGoesOn()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, "rules: [{name: first, when: {tool: x}, then: allow}]");
        PolicySource source = Open(file);

        Write(folder, "rules: [{name: broken");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(source.Current.Decide(Actions.Call("x")).Rule, Is.EqualTo("first"));

        File.Delete(file);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(source.Current.Decide(Actions.Call("x")).Rule, Is.EqualTo("first"), "a deleted file must not open the gate");
    }

    [Test]
    public void Current_FolderThatWasEmptyForAMoment_HoldsAgainThoughNoFileChanged()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, "rules: [{name: first, when: {tool: x}, then: allow}]");
        DateTime written = File.GetLastWriteTimeUtc(file);
        PolicySource source = Open(folder.Path);
        string aside = Path.Combine(folder.Path, "aside");

        File.Move(file, aside);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(source.Current.Decide(Actions.Call("x")).Rule, Is.EqualTo("first"));
        Assert.That(source.Broken, Is.Not.Null);

        File.Move(aside, file);
        File.SetLastWriteTimeUtc(file, written);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(source.Current.Decide(Actions.Call("x")).Rule, Is.EqualTo("first"));
        Assert.That(source.Broken, Is.Null);
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Links need a right there.")]
    public void Current_LinkIntoAFolderThatIsExchanged_HoldsWhatItLeadsTo()
    {
        using var folder = new TemporaryFolder();
        folder.Write("one/policy.yaml", "rules: [{name: first, when: {tool: x}, then: allow}]");
        folder.Write("two/policy.yaml", "rules: [{name: the-second, when: {tool: x}, then: allow}]");
        string data = Path.Combine(folder.Path, "data"), file = Path.Combine(folder.Path, "policy.yaml");
        Directory.CreateSymbolicLink(data, "one");
        File.CreateSymbolicLink(file, "data/policy.yaml");
        PolicySource source = Open(file);

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "two");
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(source.Current.Decide(Actions.Call("x")).Rule, Is.EqualTo("the-second"));
    }

    [Test]
    public void Constructor_FileIsBroken_Refused() =>
        Assert.That(() => Open("/no/such/policy.yaml"), Throws.TypeOf<AgentException>());

    private static string Write(TemporaryFolder folder, string yaml) => folder.Write("policy.yaml", yaml);

    private PolicySource Open(string? path) => new(
        Options.Create(new GovernanceOptions { PolicyPath = path }), [], _time, NullLogger<PolicySource>.Instance);
}
