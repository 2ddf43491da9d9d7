using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>What the bytes of an entry are searched for.</summary>
internal sealed class AuditFilterTests
{
    [TestCase("user:ada")]
    [TestCase("a \"quoted\" one")]
    [TestCase("Jürgen <j&j@example.org>")]
    [TestCase("\u2028 and a \\ and a tab\t")]
    public void Marks_OfAnyName_AreInTheLineOfItsEntry(string name)
    {
        byte[] line = AuditLine.Write(new AuditEntry("call.decided") { Actor = name, Tool = name, Reason = "because" }, null);
        var filter = new AuditFilter { Types = ["call.decided", "other"], Actor = name, Tool = name };

        Assert.That(filter.Marks(), Has.Count.EqualTo(3));
        Assert.That(filter.Marks(),
            Has.All.Matches<IReadOnlyList<byte[]>>(group => group.Any(mark => line.AsSpan().IndexOf(mark) >= 0)));
    }

    [Test]
    public void Matches_WordsThatLookLikeAMember_IsNotDeceived()
    {
        var entry = new AuditEntry("call.decided") { Actor = "user:bo", Reason = "\"actor\":\"user:ada\"" };

        Assert.That(new AuditFilter { Actor = "user:ada" }.Matches(entry), Is.False);
        Assert.That(new AuditFilter { Actor = "user:bo" }.Matches(entry), Is.True);
    }
}
