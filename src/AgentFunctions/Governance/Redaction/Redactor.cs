using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Takes secrets out of what is about to be written: those that the host knows by value, in every spelling that JSON, addresses
/// and base64 give them, and whatever has the shape of a credential.
/// </summary>
public sealed class Redactor
{
    /// <summary>Shorter values are not taken out: they stand by chance in too many places.</summary>
    public const int ShortestSecret = 8;

    private static readonly Regex GitHub = Shape(@"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})");

    // Each has a beginning that is looked for first, since the expressions are dear and hardly ever match.
    private static readonly (string Mark, Regex Shape)[] Shapes =
    [
        ("-----BEGIN", Shape(@"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{16,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----")),
        ("eyJ", Shape(@"eyJ[A-Za-z0-9_\-]{10,4000}\.eyJ[A-Za-z0-9_\-]{10,8000}\.[A-Za-z0-9_\-]{20,2000}")),
        ("AKIA", Shape(@"\bAKIA[0-9A-Z]{16}\b")),
        ("ghp_", GitHub), ("gho_", GitHub), ("ghu_", GitHub), ("ghs_", GitHub), ("ghr_", GitHub), ("github_pat_", GitHub),
        ("xox", Shape(@"\bxox[abprs]-[A-Za-z0-9\-]{10,200}")),
        ("sk-", Shape(@"\bsk-[A-Za-z0-9_\-]{20,200}")),
        ("afk_", Shape(@"\bafk_[a-z0-9]{8}_[A-Za-z0-9_\-]{30,60}")),
        ("AccountKey=", Shape(@"(?<=AccountKey=)[A-Za-z0-9+/=]{40,100}")),
    ];

    private readonly Lock _gate = new();
    private volatile Secrets _known = new([]);

    /// <summary>Has a value taken out from now on.</summary>
    /// <param name="name">What stands in its place: <c>[secret:name]</c>.</param>
    /// <param name="value">The value; one of fewer than <see cref="ShortestSecret"/> characters is ignored.</param>
    public void Add(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length < ShortestSecret)
        {
            return;
        }

        string mask = $"[secret:{name}]";
        lock (_gate)
        {
            // The longest first, so that no spelling leaves a part of a longer one behind.
            _known = new Secrets([.. _known.Spellings.Concat(SpellingsOf(value).Select(spelling => (spelling, mask)))
                .DistinctBy(static known => known.Item1).OrderByDescending(static known => known.Item1.Length)]);
        }
    }

    /// <summary>A text without secrets.</summary>
    /// <param name="text">The text.</param>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    public string? Redact(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return text;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        ReadOnlyMemory<byte> clean = Redact(bytes);
        return clean.Span.SequenceEqual(bytes) ? text : Encoding.UTF8.GetString(clean.Span);
    }

    /// <summary>Bytes without secrets; the same ones where there are none.</summary>
    /// <param name="data">UTF-8 text, or anything else.</param>
    public ReadOnlyMemory<byte> Redact(ReadOnlyMemory<byte> data)
    {
        // Latin-1 gives every byte one character, so that expressions work on any bytes and leave the others alone.
        char[] latin = ArrayPool<char>.Shared.Rent(data.Length);
        try
        {
            Span<char> text = latin.AsSpan(0, Encoding.Latin1.GetChars(data.Span, latin));
            // All that is written comes by here, and hardly anything has a mark: one look for all of them at once.
            Secrets known = _known;
            return text.ContainsAny(known.Marks) ? Encoding.Latin1.GetBytes(Clean(new string(text), known)) : data;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(latin, clearArray: true);
        }
    }

    private static string Clean(string text, Secrets known)
    {
        foreach ((string spelling, string mask) in known.Spellings)
        {
            text = text.Replace(spelling, mask, StringComparison.Ordinal);
        }

        foreach ((string mark, Regex shape) in Shapes)
        {
            if (text.Contains(mark, StringComparison.Ordinal))
            {
                text = shape.Replace(text, "[secret]");
            }
        }

        return text;
    }

    private static IEnumerable<string> SpellingsOf(string value)
    {
        string relaxed = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value);
        string strict = JavaScriptEncoder.Default.Encode(value);
        string[] spellings =
        [
            value, relaxed, strict, JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(relaxed), JavaScriptEncoder.Default.Encode(strict),
            JavaScriptEncoder.Default.Encode(relaxed), Uri.EscapeDataString(value),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(value)).TrimEnd('='),
        ];
        return spellings.Select(static spelling => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(spelling)));
    }

    private static Regex Shape(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled);

    /// <summary>The secrets that the host knows by value.</summary>
    /// <param name="Spellings">How each may be spelled, and what stands in its place; the longest first.</param>
    private sealed record Secrets((string Spelling, string Mask)[] Spellings)
    {
        /// <summary>What a text has that may have a secret.</summary>
        public SearchValues<string> Marks { get; } = SearchValues.Create(
            [.. Shapes.Select(static shape => shape.Mark), .. Spellings.Select(static known => known.Spelling)], StringComparison.Ordinal);
    }
}
