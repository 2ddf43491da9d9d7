using System.IO.Compression;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>One file of the dashboard, with its compressed forms, which are made once.</summary>
/// <param name="name">The path below the folder of the version, with <c>/</c>.</param>
/// <param name="content">The bytes.</param>
internal sealed class DashboardFile(string name, byte[] content)
{
    private const int BrotliQuality = 9;
    private const int BrotliWindow = 22;

    private readonly Lazy<byte[]> _brotli = new(() => Brotli(content));
    private readonly Lazy<byte[]> _gzip = new(() => Gzip(content));

    public string Name => name;

    public ReadOnlyMemory<byte> Content => content;

    /// <summary>The bytes in an encoding that the client takes, and its name; an empty one for the bytes as they are.</summary>
    public (ReadOnlyMemory<byte> Bytes, string Encoding) In(string accepted) => accepted switch
    {
        ContentEncoding.Brotli when _brotli.Value.Length < content.Length => (_brotli.Value, accepted),
        ContentEncoding.Gzip when _gzip.Value.Length < content.Length => (_gzip.Value, accepted),
        _ => (content, ContentEncoding.Identity),
    };

    private static byte[] Brotli(byte[] content)
    {
        byte[] target = new byte[BrotliEncoder.GetMaxCompressedLength(content.Length)];
        return BrotliEncoder.TryCompress(content, target, out int written, BrotliQuality, BrotliWindow)
            ? target[..written]
            : content;
    }

    private static byte[] Gzip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.SmallestSize))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }
}
