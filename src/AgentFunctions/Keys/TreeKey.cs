using System.Buffers;
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

    /// <summary>What a nonce is made of is put together here as long as it is not longer.</summary>
    private const int OnStack = 1_024;

    private readonly byte[] _sealing;
    private readonly byte[] _nonces;
    private readonly byte[] _marking;

    /// <summary>A cipher that nobody uses just now: to make one costs more than to use it.</summary>
    private AesGcm? _idle;

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
        var sealedValue = new byte[NonceLength + plain.Length + TagLength];
        Span<byte> nonce = sealedValue.AsSpan(0, NonceLength);
        MakeNonce(plain, place, nonce);
        AesGcm aes = Rent();
        aes.Encrypt(nonce, plain, sealedValue.AsSpan(NonceLength, plain.Length), sealedValue.AsSpan(NonceLength + plain.Length),
            place);
        Return(aes);
        return sealedValue;
    }

    /// <summary>A nonce by the content (as in SIV): two nonces are alike only where everything is.</summary>
    private void MakeNonce(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> place, Span<byte> nonce)
    {
        int length = sizeof(long) + place.Length + plain.Length;
        byte[]? rented = length <= OnStack ? null : ArrayPool<byte>.Shared.Rent(length);
        Span<byte> content = rented is null ? stackalloc byte[OnStack] : rented;
        BitConverter.TryWriteBytes(content, (long)place.Length);
        place.CopyTo(content[sizeof(long)..]);
        plain.CopyTo(content[(sizeof(long) + place.Length)..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_nonces, content[..length], hash);
        hash[..NonceLength].CopyTo(nonce);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    /// <summary>A cipher for one use: it serves one caller at a time.</summary>
    private AesGcm Rent() => Interlocked.Exchange(ref _idle, null) ?? new AesGcm(_sealing, TagLength);

    private void Return(AesGcm aes)
    {
        if (Interlocked.CompareExchange(ref _idle, aes, null) is not null)
        {
            aes.Dispose();
        }
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
        AesGcm aes = Rent();
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
        finally
        {
            Return(aes);
        }
    }

    /// <summary>A mark over data that only the holder of the key can make.</summary>
    /// <param name="data">The data.</param>
    public byte[] Mark(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_marking, data);

    private static byte[] Derive(byte[] key, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Length, info: Encoding.ASCII.GetBytes($"agentfunctions/{purpose}"));
}
