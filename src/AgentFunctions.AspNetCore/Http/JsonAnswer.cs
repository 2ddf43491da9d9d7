using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Prepares JSON for sending: a tag, by which a client that has the answer already gets 304, and compression.</summary>
internal static class JsonAnswer
{
    /// <summary>Below this many bytes an answer fits into one packet anyway.</summary>
    private const int LeastCompressed = 1_024;

    /// <summary>How well it is compressed: a tenth of the time of the best for nearly its size.</summary>
    private const int BrotliQuality = 4;

    /// <summary>Sets the headers of an answer.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">The JSON.</param>
    /// <returns>What is to be sent.</returns>
    public static ReadOnlyMemory<byte> Prepare(HttpContext http, ReadOnlyMemory<byte> body)
    {
        HttpResponse response = http.Response;
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        bool isRead = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (isRead && response.StatusCode == StatusCodes.Status200OK && response.Headers.ETag.Count == 0)
        {
            // Weak: it is the same however the answer is compressed.
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(body.Span), 0, 16)}\"",
                isWeak: true);
            response.Headers.ETag = tag.ToString();
            if (http.Request.GetTypedHeaders().IfNoneMatch.Any(
                known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                response.ContentLength = null;
                response.ContentType = null;
                return default;
            }
        }

        bool isSentAsIs = body.Length < LeastCompressed || response.Headers.ContentEncoding.Count > 0;
        ReadOnlyMemory<byte> sent = isSentAsIs ? body : Compress(http, body);
        response.ContentLength = sent.Length;
        return sent;
    }

    private static ReadOnlyMemory<byte> Compress(HttpContext http, ReadOnlyMemory<byte> body)
    {
        // What a page of another origin asks for is not compressed: it could learn from the length what it may not read.
        string encoding = http.Request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"]
            ? ContentEncoding.Identity
            : ContentEncoding.Of(http.Request);
        if (encoding == ContentEncoding.Identity)
        {
            return body;
        }

        http.Response.Headers.ContentEncoding = encoding;
        return encoding == ContentEncoding.Brotli
            ? Compression.Brotli(body.Span, BrotliQuality)
            : Compression.Gzip(body.Span, CompressionLevel.Fastest);
    }
}
