using System.Text;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Tests.Core.Text;

public sealed class TextFileTests
{
    private static readonly Encoding[] Marked =
    [
        new UTF8Encoding(true), new UnicodeEncoding(false, true), new UnicodeEncoding(true, true), new UTF32Encoding(false, true),
        new UTF32Encoding(true, true),
    ];

    [TestCaseSource(nameof(Marked))]
    public void Read_UnicodeWithItsMark_IsRead(Encoding encoding)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.txt");
        File.WriteAllText(path, "a: ä 😀\n", encoding);

        Assert.That(Read(path), Is.EqualTo("a: ä 😀\n"));
    }

    [TestCase("61\n62\nE4\n", 3, "is no UTF-8 text; save it as UTF-8", Description = "Latin-1")]
    [TestCase("61 00 62 00", 1, "is no UTF-8 text; save it as UTF-8", Description = "UTF-16 without its mark")]
    [TestCase("EF BB BF 0A E4", 1, "is no Unicode text, though it begins like one; save it as UTF-8")]
    [TestCase("FF FE 00", 1, "is no Unicode text, though it begins like one; save it as UTF-8")]
    [TestCase("0A 0A E2 82", 3, "is no UTF-8 text; save it as UTF-8", Description = "cut in the middle of a character")]
    public void Read_NoText_SaysTheLineAndTheRemedy(string bytes, int line, string words)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.txt");
        File.WriteAllBytes(path,
            [.. bytes.Replace("\n", " 0A ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(static one => Convert.ToByte(one, 16))]);

        Assert.That(() => Read(path), Throws.TypeOf<AgentException>().With.Message.EqualTo($"{line}: {words}"));
    }

    [Test]
    public void Read_WhatIsNoFile_SaysSo()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("file", new string('x', 4096));

        Assert.Multiple(() =>
        {
            Assert.That(() => Read(folder.Path),
                Throws.TypeOf<AgentException>().With.Message.EqualTo("1: is a folder; name a file"));
            Assert.That(() => Read(Path.Combine(folder.Path, "none")),
                Throws.TypeOf<AgentException>().With.Message.StartsWith("1: cannot be read: "));
            Assert.That(() => Read(Path.Combine(file, "below")),
                Throws.TypeOf<AgentException>().With.Message.StartsWith("1: cannot be read: "));
            Assert.That(() => Read(file, 4095),
                Throws.TypeOf<AgentException>().With.Message.StartsWith("1: is larger than 3 KiB; make it smaller"));
            Assert.That(Read(file, 4096), Has.Length.EqualTo(4096));
            Assert.That(Read(folder.Write("empty", "")), Is.Empty);
        });
    }

    [Test]
    [Platform("Linux")]
    public void Read_AFileWithoutEnd_IsNotReadToItsEnd() =>
        Assert.That(() => Read("/dev/zero"), Throws.TypeOf<AgentException>().With.Message.StartsWith("1: is larger than 1 MiB"));

    private static string Read(string path, long maxBytes = 1 << 20) =>
        TextFile.Read(path, maxBytes,
            static (line, words, error) => new AgentException(ErrorCode.InvalidInput, $"{line}: {words}", error));
}
