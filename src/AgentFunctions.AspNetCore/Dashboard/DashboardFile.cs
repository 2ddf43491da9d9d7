using System.IO.Compression;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>One file of the dashboard, with its compressed forms, which are made once.</summary>
/// <param name="name">The path below the folder of the version, with <c>/</c>.</param>
/// <param name="content">The bytes.</param>
internal sealed class DashboardFile(string name, byte[] content)
{
    private const int BrotliQuality = 9;

    // Copies, because the buffers in which they are made are longer.
    private readonly Lazy<byte[]> _brotli = new(() => Compression.Brotli(content, BrotliQuality).ToArray());
    private readonly Lazy<byte[]> _gzip = new(() => Compression.Gzip(content, CompressionLevel.SmallestSize).ToArray());

    public string Name => name;

    public ReadOnlyMemory<byte> Content => content;

    /// <summary>The bytes in an encoding that the client takes, and its name; an empty one for the bytes as they are.</summary>
    public (ReadOnlyMemory<byte> Bytes, string Encoding) In(string accepted) => accepted switch
    {
        ContentEncoding.Brotli when _brotli.Value.Length < content.Length => (_brotli.Value, accepted),
        ContentEncoding.Gzip when _gzip.Value.Length < content.Length => (_gzip.Value, accepted),
        _ => (content, ContentEncoding.Identity),
    };
}
