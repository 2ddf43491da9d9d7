using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.Keys;

/// <summary>The host's own secret: what it seals, nobody else can have written.</summary>
internal sealed class HostKey
{
    /// <summary>The file of the secret within the folder of keys.</summary>
    public const string FileName = "host.key";

    /// <summary>The length of a seal.</summary>
    public const int SealLength = 2 * HMACSHA256.HashSizeInBytes;

    private const int Length = 32;

    private readonly byte[] _secret;

    private HostKey(byte[] secret) => _secret = secret;

    /// <summary>Reads the secret of a folder, and makes one if there is none.</summary>
    /// <param name="folder">The folder of keys.</param>
    /// <param name="isNew">Whether it was made now.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: the file holds no secret.</exception>
    public static HostKey Open(string folder, out bool isNew)
    {
        isNew = false;
        if (Find(folder) is { } found)
        {
            return found;
        }

        isNew = PrivateFile.TryCreate(
            Path.Combine(folder, FileName),
            Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Length)) + "\n"));
        // Where another process was quicker, its secret is the one.
        return Find(folder)!;
    }

    /// <summary>Reads the secret of a folder.</summary>
    /// <param name="folder">The folder of keys.</param>
    /// <returns>The secret; <see langword="null"/> if there is none.</returns>
    public static HostKey? Find(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] secret = new byte[Length];
        return Convert.TryFromBase64String(File.ReadAllText(path).Trim(), secret, out int length) && length == Length
            ? new HostKey(secret)
            : throw new AgentException(
                ErrorCode.DataFileUnusable, $"'{path}' does not hold this host's key; restore it from a copy of the folder.");
    }

    /// <summary>The seal over data, as lower-case hexadecimal digits.</summary>
    /// <param name="purpose">What is sealed; a seal for one purpose is none for another.</param>
    /// <param name="data">The data.</param>
    public string Seal(string purpose, string data) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes($"{purpose}\n{data}")));

    /// <summary>Writes the seal over data, as lower-case hexadecimal digits.</summary>
    /// <param name="text">The purpose, a line break and the data.</param>
    /// <param name="seal">Where the seal goes: <see cref="SealLength"/> characters.</param>
    public void Seal(ReadOnlySpan<byte> text, Span<char> seal)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, text, hash);
        Convert.TryToHexStringLower(hash, seal, out _);
    }

    /// <summary>Whether a seal is this host's over the data.</summary>
    /// <param name="purpose">What was sealed.</param>
    /// <param name="data">The data.</param>
    /// <param name="seal">The seal.</param>
    public bool IsSealed(string purpose, string data, string seal) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Seal(purpose, data)), Encoding.UTF8.GetBytes(seal));
}
