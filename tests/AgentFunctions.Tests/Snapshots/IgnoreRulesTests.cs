using AgentFunctions.Snapshots;

namespace AgentFunctions.Tests.Snapshots;

internal sealed class IgnoreRulesTests
{
    [TestCase("*.log", "a.log", false, true)]
    [TestCase("*.log", "deep/a.log", false, true)]
    [TestCase("/a.log", "deep/a.log", false, false)]
    [TestCase("build/", "build", false, false)]
    [TestCase("build/", "x/build", true, true)]
    [TestCase("doc/*.txt", "doc/a.txt", false, true)]
    [TestCase("doc/*.txt", "doc/in/a.txt", false, false)]
    [TestCase("doc/**", "doc/in/a.txt", false, true)]
    [TestCase("**/tmp", "a/b/tmp", false, true)]
    [TestCase("a/**/b", "a/b", false, true)]
    [TestCase("a/**/b", "a/x/y/b", false, true)]
    [TestCase("*.log\n!keep.log", "keep.log", false, false)]
    [TestCase("# note\n\\#file", "#file", false, true)]
    [TestCase("f[0-9].c", "f7.c", false, true)]
    [TestCase("f[!0-9].c", "f7.c", false, false)]
    [TestCase("[", "[", false, false)]
    [TestCase("a?c  ", "abc", false, true)]
    [TestCase("", "node_modules", true, true)]
    [TestCase("", "bin", false, false)]
    public void IsIgnored_ByRules_IsAsGitHasIt(string rules, string path, bool isFolder, bool expected) =>
        Assert.That(IgnoreRules.None.With(rules, "").IsIgnored(path, isFolder), Is.EqualTo(expected));

    [Test]
    public void IsIgnored_ByRulesOfAFolder_HoldsBelowItAlone()
    {
        IgnoreRules rules = IgnoreRules.None.With("/x", "sub");

        Assert.That((rules.IsIgnored("sub/x", false), rules.IsIgnored("x", false), rules.IsIgnored("sub/in/x", false)),
            Is.EqualTo((true, false, false)));
    }
}
