using AgentFunctions.Core;

namespace AgentFunctions.Tests.Core;

/// <summary>Memory that is used again holds what was kept of it.</summary>
public sealed class JsonScratchTests
{
    [TestCase(100)]
    [TestCase(64 * 1024)]
    [TestCase(200_000)]
    public void ToKeep_AfterTheThreadHasBegunAnew_IsWhatWasAdded(int length)
    {
        byte[] added = [.. Enumerable.Range(0, length).Select(static number => (byte)number)];
        JsonScratch scratch = JsonScratch.Begin();
        scratch.Add(added);

        ReadOnlyMemory<byte> kept = scratch.ToKeep();
        JsonScratch.Begin().Add(new byte[length]);

        Assert.That(kept.ToArray(), Is.EqualTo(added));
    }
}
