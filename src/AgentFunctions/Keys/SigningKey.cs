using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace AgentFunctions.Keys;

/// <summary>Represents a public key as a JSON Web Key (RFC 7517): an elliptic curve point on P-256.</summary>
/// <param name="Kid">Its thumbprint by RFC 7638.</param>
/// <param name="X">The point's first coordinate, base64url.</param>
/// <param name="Y">The point's second coordinate, base64url.</param>
public sealed record PublicKey(string Kid, string X, string Y)
{
    /// <summary>Gets the key type.</summary>
    public string Kty => "EC";

    /// <summary>Gets the curve.</summary>
    public string Crv => "P-256";

    /// <summary>Gets the algorithm.</summary>
    public string Alg => "ES256";

    /// <summary>Gets what the key is for.</summary>
    public string Use => "sig";

    /// <summary>Verifies a signature over data with this key.</summary>
    /// <param name="data">The data.</param>
    /// <param name="signature">The signature: two numbers of 32 bytes.</param>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            using var key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Base64Url.DecodeFromChars(X), Y = Base64Url.DecodeFromChars(Y) },
            });
            return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return false;
        }
    }

    internal static PublicKey Of(ECDsa key)
    {
        ECPoint point = key.ExportParameters(false).Q;
        var unnamed = new PublicKey("", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        return unnamed with { Kid = unnamed.Thumbprint() };
    }

    /// <summary>The thumbprint by RFC 7638, which <see cref="Kid"/> is if nobody made that up.</summary>
    internal string Thumbprint() => Base64Url.EncodeToString(
        SHA256.HashData(Encoding.UTF8.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{X}}","y":"{{Y}}"}""")));
}

/// <summary>Represents the public keys of this host, as a JSON Web Key set.</summary>
/// <param name="Keys">The keys, newest first.</param>
public sealed record PublicKeySet(IReadOnlyList<PublicKey> Keys);

/// <summary>Represents a key pair as it is stored.</summary>
/// <param name="CreatedAt">When it was made (UTC).</param>
/// <param name="Pem">The private key in PKCS #8 PEM.</param>
public sealed record StoredKey(DateTimeOffset CreatedAt, string Pem)
{
    /// <summary>Gets the signature of the key before this one, if it is kept where others may write; base64url.</summary>
    public string? Seal { get; init; }
}

/// <summary>A key pair that signs. Safe for concurrent use.</summary>
internal sealed class SigningKey
{
    private readonly ECDsa _key = ECDsa.Create();
    private readonly Lock _gate = new();

    public SigningKey(StoredKey stored)
    {
        _key.ImportFromPem(stored.Pem);
        CreatedAt = stored.CreatedAt;
        Public = PublicKey.Of(_key);
    }

    public DateTimeOffset CreatedAt { get; }

    public PublicKey Public { get; }

    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, hash);
        lock (_gate)
        {
            return _key.SignHash(hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }
}
