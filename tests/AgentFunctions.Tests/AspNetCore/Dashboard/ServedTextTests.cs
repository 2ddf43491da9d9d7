using System.Text;
using AgentFunctions.AspNetCore.Dashboard;

namespace AgentFunctions.Tests.AspNetCore.Dashboard;

/// <summary>What is left out of a script or a style sheet when it is served.</summary>
internal sealed class ServedTextTests
{
    [TestCase("  a();\n\n    b(); // stays", "a();\n\nb(); // stays", TestName = "Space before lines")]
    [TestCase("// gone\nlet a = 'http://x'; /* stays */\n", "\nlet a = 'http://x'; /* stays */\n",
        TestName = "Comments that have a line")]
    [TestCase("/** gone */\nf();", "\nf();", TestName = "A comment in marks")]
    [TestCase("/**\n * gone\n * @param x gone\n */\nf();", "\n\n\n\nf();", TestName = "A comment over lines")]
    [TestCase("let a = b\n  * c;", "let a = b\n* c;", TestName = "A product over lines is no comment")]
    [TestCase("/* a */ f();\n/* b\n*/ g();", "f();\n\ng();", TestName = "What follows a comment")]
    public void Of_AScript_TakesOffWhatOnlyItsAuthorsNeedAndKeepsTheLines(string source, string served)
    {
        Assert.That(Text("a.js", source), Is.EqualTo(served));
        Assert.That(served.Count(static c => c == '\n'), Is.EqualTo(source.Count(static c => c == '\n')));
    }

    [Test]
    public void Of_AnotherFile_LeavesItAsItIs() =>
        Assert.That(Text("index.html", "  <p>\n  // text\n  </p>"), Is.EqualTo("  <p>\n  // text\n  </p>"));

    private static string Text(string name, string source) =>
        Encoding.UTF8.GetString(ServedText.Of(name, Encoding.UTF8.GetBytes(source)));
}
