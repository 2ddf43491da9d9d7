using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.Keys;

/// <summary>The key of a run tree: what is sealed with it can be read only as long as it exists.</summary>
internal sealed class TreeKey
{
    /// <summary>The length of a key, in bytes.</summary>
    public const int Length = 32;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] _sealing;
    private readonly byte[] _nonces;
    private readonly byte[] _marking;

    public TreeKey(ReadOnlySpan<byte> key)
    {
        byte[] secret = key.ToArray();
        _sealing = Derive(secret, "seal");
        _nonces = Derive(secret, "nonce");
        _marking = Derive(secret, "mark");
    }

    /// <summary>
    /// Encrypts a value. The same value in the same place gives the same bytes, so that a repeated write stays the same write.
    /// </summary>
    /// <param name="plain">The value.</param>
    /// <param name="place">Where it belongs: nowhere else can it be opened.</param>
    public byte[] Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> place)
    {
        // A nonce by the content (as in SIV): two nonces are alike only where everything is.
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _nonces);
        hash.AppendData(BitConverter.GetBytes((long)place.Length));
        hash.AppendData(place);
        hash.AppendData(plain);
        var sealedValue = new byte[NonceLength + plain.Length + TagLength];
        Span<byte> nonce = sealedValue.AsSpan(0, NonceLength);
        hash.GetHashAndReset().AsSpan(0, NonceLength).CopyTo(nonce);
        using var aes = new AesGcm(_sealing, TagLength);
        aes.Encrypt(nonce, plain, sealedValue.AsSpan(NonceLength, plain.Length), sealedValue.AsSpan(NonceLength + plain.Length),
            place);
        return sealedValue;
    }

    /// <summary>Decrypts a value; <see langword="null"/> if it, or its place, is not what was sealed.</summary>
    /// <param name="sealedValue">What <see cref="Seal"/> returned.</param>
    /// <param name="place">Where it was found.</param>
    public byte[]? Open(ReadOnlySpan<byte> sealedValue, ReadOnlySpan<byte> place)
    {
        if (sealedValue.Length < NonceLength + TagLength)
        {
            return null;
        }

        var plain = new byte[sealedValue.Length - NonceLength - TagLength];
        using var aes = new AesGcm(_sealing, TagLength);
        try
        {
            aes.Decrypt(sealedValue[..NonceLength], sealedValue[NonceLength..^TagLength], sealedValue[^TagLength..], plain,
                place);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>A mark over data that only the holder of the key can make.</summary>
    /// <param name="data">The data.</param>
    public byte[] Mark(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_marking, data);

    private static byte[] Derive(byte[] key, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Length, info: Encoding.ASCII.GetBytes($"agentfunctions/{purpose}"));
}
