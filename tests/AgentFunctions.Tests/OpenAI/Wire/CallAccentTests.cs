using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>Tool calls as endpoints write them.</summary>
[CancelAfter(300_000)]
public sealed class CallAccentTests
{
    private const string TwoArguments = """{"x":1}|{"y":2}""";

    [TestCase("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]}""", TestName = "Calls_SameIndexInOneChunk_AreTwo")]
    [TestCase("""{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]}""", TestName = "Calls_WithoutIndexInOneChunk_AreTwo")]
    [TestCase("""{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1}"}},{"function":{"name":"g","arguments":"{\"y\":2}"}}]}""", TestName = "Calls_WithoutIndexAndId_AreTwo")]
    [TestCase("""{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"a","function":{"name":"g","arguments":"{\"y\":2}"}}]}""", TestName = "Calls_OneIdWithoutIndex_AreTwo")]
    [TestCase("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"index":1,"id":"a","function":{"name":"g","arguments":"{\"y\":2}"}}]}""", TestName = "Calls_OneId_AreTwo")]
    [TestCase("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}""",
        """{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]}""",
        TestName = "Calls_SameIndexInTwoChunks_AreTwo")]
    [TestCase("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]}""",
        """{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\""}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":":2}"}}]}""", TestName = "Calls_SameIndexInPieces_AreTwo")]
    [TestCase("""{"tool_calls":[{"index":0.0,"id":"a","type":"","function":{"name":"f","arguments":{"x":1}}},{"index":"1","id":"b","type":null,"function":{"name":"g","arguments":{"y":2}}}]}""", TestName = "Calls_ArgumentsAreObjects_AreTwo")]
    public async Task Calls_Numbering_AreTwo(params string[] deltas)
    {
        ChatResponse answer =
            await WireHost.AskAsync(WireHost.Stream([.. deltas.Select(delta => WireHost.Delta(delta)),
                WireHost.Delta("{}", "\"tool_calls\"")]));

        AssertTwo(answer);
    }

    [TestCase("""{"tool_calls":[{"index":0,"id":"","function":{"name":"f","arguments":{"x":1}}},{"index":0,"id":"","function":{"name":"g","arguments":{"y":2}}}]}""")]
    [TestCase("""{"role":null,"content":null,"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1.0}"}},{"name":"g","arguments":"{\"y\":2}"}]}""")]
    public async Task Calls_WholeAnswer_AreTwo(string message) =>
        AssertTwo(await WireHost.AskAsync(WireHost.Message(message), streaming: false));

    [Test]
    public async Task Calls_NameStandsInEachDelta_IsOneCall()
    {
        ChatResponse answer = await WireHost.AskAsync(WireHost.Stream(
            WireHost.Delta("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}"""),
            WireHost.Delta("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}"""),
            WireHost.Delta("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]}"""),
            WireHost.Delta("{}", "\"stop\"")));

        FunctionCallContent call = WireHost.Calls(answer).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(call.Name, Is.EqualTo("f"));
            Assert.That(call.Arguments!["x"]!.ToString(), Is.EqualTo("1"));
            Assert.That(answer.FinishReason, Is.EqualTo(ChatFinishReason.ToolCalls), "a stop with calls is a stop for the calls");
        }
    }

    [Test]
    public async Task Calls_IdChangesWithEachDelta_IsOneCall()
    {
        ChatResponse answer = await WireHost.AskAsync(WireHost.Stream(
            WireHost.Delta("""{"tool_calls":[{"index":0,"id":"r1","function":{"name":"f","arguments":"{\"x\""}}]}"""),
            WireHost.Delta("""{"tool_calls":[{"index":0,"id":"r2","function":{"arguments":":1}"}}]}"""),
            WireHost.Delta("{}", "\"tool_calls\"")));

        Assert.That(WireHost.Calls(answer).Single().Arguments!["x"]!.ToString(), Is.EqualTo("1"));
    }

    [Test]
    public async Task Calls_LastChunkRepeatsTheCall_IsOneCall()
    {
        const string Call = """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}""";
        ChatResponse answer =
            await WireHost.AskAsync(WireHost.Stream(WireHost.Delta(Call), WireHost.Delta(Call, "\"tool_calls\"")));

        Assert.That(WireHost.Calls(answer), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Calls_LegacyForm_IsACall()
    {
        ChatResponse answer = await WireHost.AskAsync(WireHost.Stream(
            WireHost.Delta("""{"function_call":{"name":"f","arguments":"{\"x\""}}"""),
            WireHost.Delta("""{"function_call":{"arguments":":1}"}}""", "\"function_call\"")));

        FunctionCallContent call = WireHost.Calls(answer).Single();
        Assert.That(call.Name, Is.EqualTo("f"));
        Assert.That(call.CallId, Has.Length.EqualTo(9));
        Assert.That(call.Arguments!["x"]!.ToString(), Is.EqualTo("1"));
    }

    [TestCase("""{"name":"f"}""", "")]
    [TestCase("""{"name":"f","arguments":null}""", "")]
    [TestCase("""{"name":"f","arguments":"null"}""", "")]
    [TestCase("""{"name":"f","arguments":"{\"n\":5.0,\"l\":[1.0,2.5]}"}""", "n=5 l=[1,2.5] ")]
    [TestCase("""{"name":"f","arguments":"\"{\\\"n\\\":5}\""}""", "n=5 ")]
    [TestCase("""{"name":"f","arguments":{"n":5.0}}""", "n=5 ")]
    public async Task Calls_ArgumentsInOtherForms_AreRead(string function, string expected)
    {
        ChatResponse answer =
            await WireHost.AskAsync(WireHost.Message($$"""{"tool_calls":[{"id":"a","function":{{function}}}]}"""),
                streaming: false);

        Assert.That(string.Concat(WireHost.Calls(answer).Single().Arguments!.Select(static pair => $"{pair.Key}={pair.Value} ")),
            Is.EqualTo(expected));
    }

    private static void AssertTwo(ChatResponse answer)
    {
        FunctionCallContent[] calls = WireHost.Calls(answer);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(calls.Select(static call => call.Name), Is.EqualTo(new[] { "f", "g" }));
            Assert.That(calls.Select(static call => call.CallId), Is.Unique.And.All.Not.Empty);
            Assert.That(
                string.Join('|', calls.Select(static call => System.Text.Json.JsonSerializer.Serialize(call.Arguments))),
                Is.EqualTo(TwoArguments));
        }
    }
}
