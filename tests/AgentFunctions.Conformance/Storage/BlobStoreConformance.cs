using System.Security.Cryptography;
using AgentFunctions.Storage;

namespace AgentFunctions.Conformance.Storage;

/// <summary>What every blob store must do. An adapter derives a fixture and hands over an empty store per test.</summary>
[CancelAfter(300_000)]
public abstract class BlobStoreConformance
{
    protected abstract IBlobStore Store { get; }

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(4_096)]
    [TestCase(5_000_000)]
    public async Task Put_Content_ComesBackUnderItsHash(int size)
    {
        byte[] content = Content(size);
        string hash = await Store.PutAsync(content, Cancel);
        Assert.That(hash, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(content))));
        ReadOnlyMemory<byte>? read = await Store.GetAsync(hash, Cancel);
        Assert.That(read!.Value.Span.SequenceEqual(content), Is.True);
    }

    [Test]
    public async Task Put_SameContentAtOnce_IsFine()
    {
        byte[] content = Content(10_000);
        string[] hashes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Store.PutAsync(content, Cancel)));
        Assert.That(hashes.Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Put_DifferentContentAtOnce_IsAllThere()
    {
        byte[][] contents = [.. Enumerable.Range(1, 50).Select(number => Content(number * 100))];
        string[] hashes = await Task.WhenAll(contents.Select(content => Store.PutAsync(content, Cancel)));
        foreach ((byte[] content, string hash) in contents.Zip(hashes))
        {
            Assert.That((await Store.GetAsync(hash, Cancel))!.Value.Span.SequenceEqual(content), Is.True);
        }
    }

    [Test]
    public async Task Put_PartOfAnArray_IsThatPart()
    {
        byte[] array = Content(1_000);
        string hash = await Store.PutAsync(array.AsMemory(100, 200), Cancel);
        Assert.That((await Store.GetAsync(hash, Cancel))!.Value.Span.SequenceEqual(array.AsSpan(100, 200)), Is.True);
    }

    [Test]
    public async Task Get_Unknown_IsNull() => Assert.That(await Store.GetAsync(new string('0', 64), Cancel), Is.Null);

    [Test]
    public async Task Delete_Content_IsGoneAndCanBeKeptAgain()
    {
        string hash = await Store.PutAsync(Content(1_000), Cancel);
        await Store.DeleteAsync(hash, Cancel);
        await Store.DeleteAsync(hash, Cancel);
        Assert.That(await Store.GetAsync(hash, Cancel), Is.Null);
        Assert.That(await Store.PutAsync(Content(1_000), Cancel), Is.EqualTo(hash));
        Assert.That(await Store.GetAsync(hash, Cancel), Is.Not.Null);
    }

    [TestCase("")]
    [TestCase("xyz")]
    [TestCase("../../../../etc/passwd")]
    public void Get_NoHash_IsRefused(string hash)
    {
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await Store.GetAsync(hash, Cancel))!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.InvalidInput));
    }

    [Test]
    public void Put_TooLarge_IsRefused()
    {
        AgentException error =
            Assert.ThrowsAsync<AgentException>(async () => await Store.PutAsync(new byte[(256 * 1024 * 1024) + 1], Cancel))!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.PayloadTooLarge));
    }

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }
}
