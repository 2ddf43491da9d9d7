using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.Core;

/// <summary>Hashes texts, which may be long, without bytes of their own for each.</summary>
internal static class TextHash
{
    /// <summary>The SHA-256 of a text in UTF-8, as 64 lower-case hexadecimal digits.</summary>
    /// <param name="text">The text.</param>
    public static string Of(string text)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetByteCount(text));
        try
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)), hash);
            return Convert.ToHexStringLower(hash);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        }
    }
}
