using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.DurableTask.Client;

/// <summary>
/// The continuation token of a page: the backend's own after a digest of it. Backends answer a token that is none of theirs and a
/// fault of their own alike, so a wrong one is refused before they are asked.
/// </summary>
internal static class PageToken
{
    private const int DigestLength = 8;

    public static string Of(string token) => Digest(token) + token;

    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the token is not one that a page had.</exception>
    public static string Read(string token) =>
        token.Length > DigestLength && token.StartsWith(Digest(token[DigestLength..]), StringComparison.Ordinal)
            ? token[DigestLength..]
            : throw Wrong(null);

    public static AgentException Wrong(Exception? cause) =>
        new(ErrorCode.InvalidInput, "continuationToken: use the one of the page before.", cause);

    private static string Digest(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))[..DigestLength];
}
