using System.Diagnostics;
using System.IO.Compression;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Compresses bytes that are in memory.</summary>
internal static class Compression
{
    private const int BrotliWindow = 22;

    public static ReadOnlyMemory<byte> Brotli(ReadOnlySpan<byte> bytes, int quality)
    {
        byte[] target = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, target, out int written, quality, BrotliWindow)
            ? target.AsMemory(0, written)
            : throw new UnreachableException("The target is as long as the longest result.");
    }

    public static ReadOnlyMemory<byte> Gzip(ReadOnlySpan<byte> bytes, CompressionLevel level)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, level, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return target.GetBuffer().AsMemory(0, (int)target.Length);
    }
}
