using System.Text.Json;
using AgentFunctions.Governance.Policies;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>A host counts wherever one of the usual parsers would go to it.</summary>
public sealed class AddressHostsTests
{
    private static readonly Policy Outside =
        Policy("rules: [{name: outside, when: {hostOutside: ['*.corp.example']}, then: deny, reason: no}]");

    // Where .NET, browsers and Python go, is no matter of what stands before the '@'.
    [TestCase("https://a.corp.example'@evil.example/x")]
    [TestCase("https://a.corp.example\"@evil.example/x")]
    [TestCase("https://a.corp.example<@evil.example/x")]
    [TestCase("https://a.corp.example>@evil.example/x")]
    [TestCase("https://a.corp.example|@evil.example/x")]
    [TestCase("https://a.corp.example`@evil.example/x")]
    [TestCase("https://a.corp.example @evil.example/x")]
    [TestCase("https://a.corp.example @evil")]
    [TestCase("https://a.corp.example\n@evil.example/x")]
    [TestCase("https://a.corp.example'@%65vil.example/x")]
    [TestCase("https://a.corp.example\\@%65vil.example/x")]
    [TestCase("//a.corp.example'@evil.example/x")]
    [TestCase("curl \"https://a.corp.example'@evil.example/x\"")]
    // Tabs and ends of lines are left out.
    [TestCase("https://a.corp.example\t.evil.example/")]
    [TestCase("https://a.corp.example\r\n.evil.example/")]
    [TestCase(" \u0001https:/\t/evil.example")]
    [TestCase("ht\ttps://evil.example/x")]
    // A host that .NET does not take may be one for others.
    [TestCase("https://%65vil.example/")]
    [TestCase("https://evil$.example/")]
    [TestCase("https://a.corp.example$.evil.example/")]
    [TestCase("https://a.corp.example'.evil.example/")]
    [TestCase("https://evil.example%2F.corp.example/")]
    [TestCase("https://{host}/x")]
    [TestCase("see (https://evil.example), please")]
    [TestCase("https://a.corp.example,https://evil.example")]
    [TestCase("a.corp.example https://a.corp.example:8080 ws://evil.news:80/x")]
    public void Decide_AnAddressThatLeadsOutside_IsFound(string text) => Assert.That(Denies("text", text), Is.True);

    [TestCase("https://a.corp.example/x?user=@evil.example/y#@z")]
    [TestCase("See https://a.corp.example, and (https://b.corp.example). Thanks!")]
    [TestCase("Deployed to https://a.corp.example @bob")]
    [TestCase("https://a.corp.example @bob, please look")]
    [TestCase("https://a.corp.example\nThanks a lot")]
    [TestCase("https://a.corp.example\nhttps://b.corp.example")]
    [TestCase("https://a.corp.example,https://b.corp.example")]
    [TestCase("<https://a.corp.example>,<https://b.corp.example>")]
    [TestCase("{\"url\":\"https://a.corp.example\",\"by\":\"@bob\"}")]
    [TestCase("https://a.corp.example//x//y")]
    [TestCase("https://joe:secret@a.corp.example:8080/")]
    [TestCase("// @param x is a number")]
    [TestCase("/// <summary>No address: https://</summary>")]
    [TestCase("arn:aws:s3:::bucket")]
    [TestCase("file:///etc/hosts and c://windows")]
    public void Decide_NoAddressLeadsOutside_NoneIsFound(string text) => Assert.That(Denies("text", text), Is.False);

    [TestCase("evil.example/", true)]
    [TestCase("%65vil.example", true)]
    [TestCase("x@evil.example:80", true)]
    [TestCase("a.corp.example:80", false)]
    [TestCase("a.corp.example/x", false)]
    [TestCase("https://a.corp.example", false)]
    public void Decide_AHostByItself_IsFoundWhateverFollowsIt(string host, bool denied) =>
        Assert.That(Denies("host", host), Is.EqualTo(denied));

    [TestCase("https:")]
    [TestCase("https: ")]
    [TestCase("https:\\x ")]
    [TestCase("//x @y.z ")]
    [TestCase("ws:)(@.")]
    public void Decide_ManyAddressesInOneText_TakesTimeByItsLengthAlone(string part)
    {
        Assert.That(() => Denies("text", string.Concat(Enumerable.Repeat(part, 200_000))), Throws.Nothing);
    }

    private static bool Denies(string name, string text)
    {
        string arguments = JsonSerializer.Serialize(new Dictionary<string, string> { [name] = text });
        return Outside.Decide(Call("x", arguments: arguments)).Verdict == PolicyVerdict.Deny;
    }
}
