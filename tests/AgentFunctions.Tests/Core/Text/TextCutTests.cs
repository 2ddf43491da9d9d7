using AgentFunctions.Core.Text;

namespace AgentFunctions.Tests.Core.Text;

public sealed class TextCutTests
{
    [TestCase("a😀b", 2, "a…")]
    [TestCase("a😀b", 3, "a😀…")]
    [TestCase("a😀b", 4, "a😀b")]
    [TestCase("😀", 0, "…")]
    [TestCase("😀", 1, "…")]
    public void Shorten_AtAPair_KeepsItWhole(string text, int length, string expected) =>
        Assert.That(TextCut.Shorten(text, length), Is.EqualTo(expected));

    [TestCase("\"\\ud83d\\ude00 \\ud83d x \\\\ud83d\"", "\"\\ud83d\\ude00 \\uFFFD x \\\\ud83d\"")]
    [TestCase("\"\\ude00\\ud83d\"", "\"\\uFFFD\\uFFFD\"")]
    [TestCase("\"cut \\ud8", "\"cut \\ud8")]
    public void MendJson_LoneHalves_AreReplaced(string json, string expected) =>
        Assert.That(Surrogates.MendJson(json), Is.EqualTo(expected));
}
