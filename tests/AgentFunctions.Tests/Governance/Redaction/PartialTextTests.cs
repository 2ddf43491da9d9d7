using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Tests.Governance.Redaction;

/// <summary>
/// A text that is shown while it is written shows in all what the whole text would, and at no time a part of a secret.
/// </summary>
/// <remarks>The long form: <c>AGENTFUNCTIONS_TEXTS=10000</c>.</remarks>
internal sealed class PartialTextTests
{
    private static readonly int Texts = int.Parse(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_TEXTS") ?? "100",
        CultureInfo.InvariantCulture);

    private static readonly string[] Values =
    [
        "hunter2-is-long", "correct horse battery", "correct horse battery staple", "q\"uo\\ted<&>%41", "pässwörd€漢字",
        "0123456789",
    ];

    private static readonly string PrivateKey = RSA.Create(1024).ExportRSAPrivateKeyPem();

    [Test]
    public void Take_RandomTextsWithPlantedSecrets_EqualsTheRedactionOfTheWholeAndShowsNone()
    {
        Redactor redactor = NewRedactor();
        Parallel.For(0, Texts, seed =>
        {
            var random = new Random(seed);
            (string text, List<string> planted) = NewText(random);
            string whole = redactor.Redact(text)!;
            // Half an escape before a secret makes something else of it: what the whole text shows is shown.
            planted.RemoveAll(secret => whole.Contains(secret, StringComparison.Ordinal));
            var partial = new PartialText(redactor);
            var shown = new StringBuilder();
            foreach (string piece in Pieces(random, text))
            {
                partial.Add(piece);
                string added = partial.Take(isLast: false);
                shown.Append(added);
                if (added.Length > 0)
                {
                    string tail = shown.ToString(Math.Max(0, shown.Length - added.Length - 3_000),
                        Math.Min(shown.Length, added.Length + 3_000));
                    foreach (string secret in planted)
                    {
                        Assert.That(tail, Does.Not.Contain(secret), $"seed {seed}");
                    }
                }
            }

            shown.Append(partial.Take(isLast: true));

            Assert.That(partial.IsBroken, Is.False, $"seed {seed}");
            Assert.That(shown.ToString(), Is.EqualTo(whole), $"seed {seed}");
        });
    }

    [TestCase("Plain words pass at once.", ExpectedResult = "Plain words pass at once.")]
    [TestCase("a tas", ExpectedResult = "a t", Description = "'as' may go on as a mark")]
    [TestCase("key sk-abcdef", ExpectedResult = "key ")]
    [TestCase("key hunter2", ExpectedResult = "key ")]
    [TestCase("key hunter2 ", ExpectedResult = "key hunter2 ")]
    [TestCase("half %6", ExpectedResult = "half ")]
    [TestCase("half \\u00", ExpectedResult = "half ")]
    [TestCase("half &#10", ExpectedResult = "half ")]
    [TestCase("-----BEGIN CERTIFICATE-----\nMII ", ExpectedResult = "-----BEGIN CERTIFICATE-----\nMII ")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nMII ", ExpectedResult = "")]
    public string Take_InMidText_HoldsBackWhatMayBeASecret(string text)
    {
        var partial = new PartialText(NewRedactor());
        partial.Add(text);
        return partial.Take(isLast: false);
    }

    [Test]
    public void Take_EveryCutOfASecretIntoSingleCharacters_ShowsNoneOfIt()
    {
        foreach (string spelling in Values.SelectMany(SpellingsOf))
        {
            var partial = new PartialText(NewRedactor());
            string shown = "";
            foreach (char c in $"- {spelling} -")
            {
                partial.Add(c.ToString());
                shown += partial.Take(isLast: false);
                Assert.That("- [secret:".StartsWith(shown, StringComparison.Ordinal)
                    || shown.StartsWith("- [secret:", StringComparison.Ordinal), Is.True, $"{spelling}: {shown}");
            }
        }
    }

    [Test]
    public void Take_ASecretBecomesKnownAfterItsBeginningWasShown_SaysSo()
    {
        var redactor = new Redactor();
        var partial = new PartialText(redactor);
        partial.Add("it is later-known, and so on ");
        Assert.That(partial.Take(isLast: false), Does.Contain("later-known"));

        redactor.Add("late", "later-known");
        partial.Add("more");

        Assert.That(partial.Take(isLast: false), Is.Empty);
        Assert.That(partial.IsBroken, Is.True);
    }

    [Test]
    public void Take_ALongText_LooksAtAWindowOfIt()
    {
        var partial = new PartialText(NewRedactor());
        var shown = new StringBuilder();
        string sentence = "A sentence with the secret hunter2-is-long in it, and more words. ";
        for (int i = 0; i < 5_000; i++)
        {
            partial.Add(sentence);
            shown.Append(partial.Take(isLast: false));
        }

        shown.Append(partial.Take(isLast: true));
        Assert.That(shown.ToString(),
            Is.EqualTo(string.Concat(Enumerable.Repeat(sentence.Replace("hunter2-is-long", "[secret:s0]",
                StringComparison.Ordinal), 5_000))));
    }

    private static Redactor NewRedactor()
    {
        var redactor = new Redactor();
        for (int i = 0; i < Values.Length; i++)
        {
            redactor.Add($"s{i}", Values[i]);
        }

        return redactor;
    }

    private static (string Text, List<string> Planted) NewText(Random random)
    {
        var text = new StringBuilder();
        List<string> planted = [];
        int parts = random.Next(1_000) == 0 ? random.Next(100, 400) : random.Next(1, 25);
        for (int i = 0; i < parts; i++)
        {
            switch (random.Next(6))
            {
                case 0:
                    string value = Values[random.Next(Values.Length)];
                    string[] spellings = [.. SpellingsOf(value)];
                    string spelling = spellings[random.Next(spellings.Length)];
                    planted.Add(spelling);
                    text.Append(spelling);
                    break;
                case 1:
                    string shape = Shape(random);
                    planted.Add(shape);
                    // A shape is one where no word runs into it.
                    text.Append(' ').Append(shape).Append('\n');
                    break;
                case 2:
                    // Nearly a secret, and nearly an escape.
                    string half = Values[random.Next(Values.Length)];
                    text.Append(half[..random.Next(1, half.Length)]);
                    break;
                default:
                    text.Append(Noise(random));
                    break;
            }
        }

        return (text.ToString(), planted);
    }

    private static string Noise(Random random)
    {
        string[] noise =
        [
            " ", "\n", "word", "hunter", "correct", "+", "%", "%4", "&", "&am", "&amp;", "&#x", "\\", "\\u", "\\u00e4", "\\n",
            "\\\"", "=", "-", "s", "sk", "sk-", "ey",
            "eyJ", "AKIA", "task-force ", "😀", "€", "/", "A", "MTIz", "-----BEGIN",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "{\"a\":1}", ", ",
        ];
        return noise[random.Next(noise.Length)];
    }

    private static string Shape(Random random)
    {
        string Run(int length) =>
            string.Concat(Enumerable.Range(0, length).Select(_ => "ABCDEFabcdef0123456789"[random.Next(22)]));
        return random.Next(7) switch
        {
            0 => $"sk-{Run(random.Next(20, 60))}",
            1 => $"AKIA{Run(16).ToUpperInvariant()}",
            2 => $"ghp_{Run(36)}",
            3 => $"eyJ{Run(20)}.eyJ{Run(30)}.{Run(43)}",
            4 => PrivateKey,
            5 => PrivateKey.Replace("\n", "\\n", StringComparison.Ordinal),
            _ => $"xoxb-{Run(20)}",
        };
    }

    private static IEnumerable<string> SpellingsOf(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        yield return value;
        yield return JsonSerializer.Serialize(value)[1..^1];
        yield return string.Concat(value.Select(static c => $"\\u{(int)c:x4}"));
        yield return Uri.EscapeDataString(value);
        yield return WebUtility.UrlEncode(value);
        yield return string.Concat(bytes.Select(static b => $"%{b:X2}"));
        yield return WebUtility.HtmlEncode(value);
        yield return string.Concat(value.EnumerateRunes().Select(static rune => $"&#{rune.Value};"));
        yield return string.Concat(value.EnumerateRunes().Select(static rune => $"&#x{rune.Value:x};"));
        yield return Uri.EscapeDataString(JsonSerializer.Serialize(value)[1..^1]);
        yield return Convert.ToBase64String(bytes);
    }

    private static IEnumerable<string> Pieces(Random random, string text)
    {
        int longest = text.Length > 3_000 ? 200 : random.Next(4) == 0 ? 1 : random.Next(8) == 0 ? 200 : 9;
        for (int at = 0; at < text.Length;)
        {
            int length = Math.Min(text.Length - at, random.Next(1, longest + 1));
            yield return text.Substring(at, length);
            at += length;
        }
    }
}
