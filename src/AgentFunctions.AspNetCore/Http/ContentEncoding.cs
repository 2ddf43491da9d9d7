using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Chooses how an answer is compressed.</summary>
internal static class ContentEncoding
{
    public const string Brotli = "br";
    public const string Gzip = "gzip";

    /// <summary>As it is.</summary>
    public const string Identity = "";

    /// <summary>The best encoding that a request takes: brotli, gzip or none.</summary>
    public static string Of(HttpRequest request)
    {
        if (!StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding,
            out IList<StringWithQualityHeaderValue>? accepted))
        {
            return Identity;
        }

        return Takes(Brotli) ? Brotli : Takes(Gzip) ? Gzip : Identity;

        bool Takes(string encoding) =>
            (accepted.FirstOrDefault(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase))
                ?? accepted.FirstOrDefault(static one => one.Value == "*")) is { } found && found.Quality is null or > 0;
    }
}
