using System.Buffers;
using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Redaction;

/// <summary>One kind of credential that is known by its shape.</summary>
/// <param name="Mark">
/// A text that every credential of the kind has: it is looked for first, since expressions are slow and rarely match.
/// </param>
/// <param name="Expression">The shape.</param>
/// <param name="Name">What it is, in words.</param>
/// <param name="Check">Decides about a match; <see langword="null"/> if the expression is enough.</param>
/// <param name="Longest">The most characters that one has, mark and what is looked at behind it included.</param>
/// <param name="Run">
/// How many letters, digits and signs of base64 follow the mark at least: tells most texts without the expression.
/// </param>
internal sealed record CredentialShape(string Mark, Regex Expression, string Name, int Longest, Func<Match, bool>? Check = null,
    int Run = 0)
{
    /// <summary>Whether a credential may begin where the mark stands.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where the mark stands.</param>
    public bool MayBeginAt(ReadOnlySpan<char> text, int at)
    {
        ReadOnlySpan<char> rest = text[at..];
        if (!rest.StartsWith(Mark, StringComparison.Ordinal))
        {
            return false;
        }

        int run = rest[Mark.Length..].IndexOfAnyExcept(Credential);
        return run < 0 ? rest.Length - Mark.Length >= Run : run >= Run;
    }

    /// <summary>Whether a credential begins at a text's beginning that what follows the text may belong to.</summary>
    /// <param name="text">The text, from the mark on to its present end.</param>
    public bool MayGoOn(ReadOnlySpan<char> text) => text.Length <= Longest && text.StartsWith(Mark, StringComparison.Ordinal)
        && (Check is null ? text[Mark.Length..].IndexOfAnyExcept(Credential) < 0 : PrivateKeyText.MayGoOn(text[Mark.Length..]));

    private static readonly SearchValues<char> Credential =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-.");

    /// <summary>Gets whether what matches is one short line.</summary>
    public bool IsPlain => Check is null;
}

/// <summary>The credentials that are known by their shape.</summary>
internal static partial class CredentialShapes
{
    // Neither within a word, nor is the letter of an escape (\n) a part of a word.
    private const string Begin = @"(?:(?<![A-Za-z0-9_])|(?<=\\[bfnrt]))";

    /// <summary>The longest block between the marks of a key, with its marks.</summary>
    public const int LongestBlock = 20_160;

    public static IReadOnlyList<CredentialShape> All { get; } =
    [
        new("-----BEGIN", PrivateKey, "a private key", LongestBlock,
            static match => PrivateKeyText.IsKey(match.Groups["body"].ValueSpan)),
        new("eyJ", JsonWebToken, "a JSON Web Token", 14_010, Run: 44),
        new("AKIA", AwsKey, "an AWS access key", 22, Run: 16),
        .. ((string[])["ghp_", "gho_", "ghu_", "ghs_", "ghr_",
            "github_pat_"]).Select(static mark => new CredentialShape(mark, GitHub, "a GitHub token", 270, Run: 36)),
        new("xox", Slack, "a Slack token", 206, Run: 12),
        new("sk-", ModelKey, "a model provider's key", 204, Run: 20),
        new("afk_", HostApiKey, "an API key of this host", 74, Run: 39),
        new("AccountKey=", StorageKey, "a storage account's key", 112, Run: 40),
    ];

    /// <summary>Gets what every credential has.</summary>
    public static SearchValues<string> Marks { get; } = SearchValues.Create([.. All.Select(static shape => shape.Mark)],
        StringComparison.Ordinal);

    [GeneratedRegex(@"-----BEGIN (?<kind>[A-Z0-9 ]{0,30}PRIVATE KEY)-----(?<body>[\s\S]{16,20000}?)-----END \k<kind>-----",
        RegexOptions.CultureInvariant)]
    private static partial Regex PrivateKey { get; }

    [GeneratedRegex(@"eyJ[A-Za-z0-9_\-]{10,4000}\.eyJ[A-Za-z0-9_\-]{10,8000}\.[A-Za-z0-9_\-]{20,2000}",
        RegexOptions.CultureInvariant)]
    private static partial Regex JsonWebToken { get; }

    [GeneratedRegex(Begin + "AKIA[0-9A-Z]{16}(?![A-Za-z0-9_])", RegexOptions.CultureInvariant)]
    private static partial Regex AwsKey { get; }

    [GeneratedRegex(Begin + "(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})", RegexOptions.CultureInvariant)]
    private static partial Regex GitHub { get; }

    [GeneratedRegex(Begin + @"xox[abprs]-[A-Za-z0-9\-]{10,200}", RegexOptions.CultureInvariant)]
    private static partial Regex Slack { get; }

    [GeneratedRegex(Begin + @"sk-[A-Za-z0-9_\-]{20,200}", RegexOptions.CultureInvariant)]
    private static partial Regex ModelKey { get; }

    [GeneratedRegex(Begin + @"afk_[a-z0-9]{8}_[A-Za-z0-9_\-]{30,60}", RegexOptions.CultureInvariant)]
    private static partial Regex HostApiKey { get; }

    [GeneratedRegex("(?<=AccountKey=)[A-Za-z0-9+/=]{40,100}", RegexOptions.CultureInvariant)]
    private static partial Regex StorageKey { get; }
}
