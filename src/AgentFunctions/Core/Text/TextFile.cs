using System.Buffers;
using System.Text;

namespace AgentFunctions.Core.Text;

/// <summary>Reads the text of a file that people write: UTF-8, or another Unicode encoding that says so by its mark.</summary>
internal static class TextFile
{
    /// <summary>UTF-32 before UTF-16: the mark of one begins with that of the other.</summary>
    private static readonly (byte[] Mark, Encoding Encoding)[] Marked =
    [
        ([0xEF, 0xBB, 0xBF], new UTF8Encoding(false, true)),
        ([0xFF, 0xFE, 0x00, 0x00], new UTF32Encoding(false, true, true)),
        ([0x00, 0x00, 0xFE, 0xFF], new UTF32Encoding(true, true, true)),
        ([0xFF, 0xFE], new UnicodeEncoding(false, true, true)),
        ([0xFE, 0xFF], new UnicodeEncoding(true, true, true)),
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The most bytes that it may have.</param>
    /// <param name="broken">
    /// Makes the exception of a line, from 1, and of words on what is wrong and how to mend it, without a full stop.
    /// </param>
    public static string Read(string path, long maxBytes, Func<int, string, Exception?, AgentException> broken)
    {
        byte[] bytes;
        try
        {
            if (Directory.Exists(path))
            {
                throw broken(1, "is a folder; name a file", null);
            }

            bytes = ReadBytes(path, maxBytes)
                ?? throw broken(1, $"is larger than {Size(maxBytes)}; make it smaller, or split it", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw broken(1, $"cannot be read: {e.Message.TrimEnd('.')}", e);
        }

        return Decode(bytes, (line, words) => broken(line, words, null));
    }

    /// <summary>Reads text from bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="broken">Makes the exception of a line, from 1, and of words on what is wrong and how to mend it.</param>
    public static string Decode(ReadOnlySpan<byte> bytes, Func<int, string, AgentException> broken)
    {
        foreach ((byte[] mark, Encoding encoding) in Marked)
        {
            if (bytes.StartsWith(mark))
            {
                try
                {
                    return encoding.GetString(bytes[mark.Length..]);
                }
                catch (DecoderFallbackException)
                {
                    throw broken(1, "is no Unicode text, though it begins like one; save it as UTF-8");
                }
            }
        }

        for (int at = 0; at < bytes.Length;)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes[at..], out Rune rune, out int length);
            if (status != OperationStatus.Done || rune.Value == 0)
            {
                throw broken(1 + bytes[..at].Count((byte)'\n'), "is no UTF-8 text; save it as UTF-8");
            }

            at += length;
        }

        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Reads no more than is allowed, also of a file whose length says nothing.</summary>
    private static byte[]? ReadBytes(string path, long maxBytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.CanSeek && file.Length > maxBytes)
        {
            return null;
        }

        using var read = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        for (int count; (count = file.Read(buffer)) > 0;)
        {
            read.Write(buffer, 0, count);
            if (read.Length > maxBytes)
            {
                return null;
            }
        }

        return read.ToArray();
    }

    private static string Size(long bytes) => bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : $"{bytes >> 10} KiB";
}
