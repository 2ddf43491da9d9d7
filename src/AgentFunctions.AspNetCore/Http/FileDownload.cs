using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>A file to download, with ranges and an entity tag. Masked already; it must keep its way to answer ranges.</summary>
internal sealed class FileDownload(ReadOnlyMemory<byte> content, string mediaType, string name, string? hash = null) : IResult,
    IUnmasked
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        // A model wrote it: a browser must not run it on this origin.
        httpContext.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        var tag = new EntityTagHeaderValue($"\"{hash ?? Convert.ToHexStringLower(SHA256.HashData(content.Span))}\"");
        return TypedResults.Bytes(content, mediaType, name, true, entityTag: tag).ExecuteAsync(httpContext);
    }
}
