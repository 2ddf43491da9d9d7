using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>Approvals and questions, decided by keyboard, changed, and decided by others meanwhile.</summary>
[CancelAfter(3_600_000)]
internal sealed class InboxTests() : ServedTests(Policy)
{
    private const string Policy = """
        rules:
          - {name: asks-edits, when: {tool: edit_file}, then: ask, reason: Deployments are looked at by a person}
          - {name: asks-notes, when: {tool: write_file}, then: ask}
          - {name: asks-forms, when: {tool: ask_person, arguments: {urgency: {is: high}}}, then: ask}
          - {name: soon, when: {tool: ask_person, arguments: {urgency: {is: low}}}, then: allow, answer: {expires: 90s}}
        """;

    [OneTimeSetUp]
    public void Script()
    {
        Server.Script("SIDE BY SIDE", static request => request.Turn == 0
            ? new ChatReply
            {
                Calls =
                [
                    ChatReplyCall.Of("ask_person", new { question = "Who is on call?" }),
                    ChatReplyCall.Of("ask_person", new { question = "Which colour?", choices = new[] { "red", "green" } }),
                    ChatReplyCall.Of("ask_person", new { question = "Is it urgent?", urgency = "low" }),
                ],
            }
            : ChatReply.Say("All three are over."));
        Server.Script("DEPLOY", static request => request.Turn == 0
            ? ChatReply.Call("edit_file", new { path = "deploy.yaml", old_text = "replicas: 2", new_text = "replicas: 12" })
            : ChatReply.Say($"The tool said: {request.Last("tool")}"));
        Server.Script("NOTE", static request => request.Turn == 0
            ? ChatReply.Call("write_file", new { path = $"note-{request.Last("user").GetHashCode():x}.md", content = "a note" })
            : ChatReply.Say($"The tool said: {request.Last("tool")}"));
        Server.Script("REGION", static request => request.Turn == 0
            ? ChatReply.Call("ask_person", new
            {
                question = "Which region shall the copy live in?",
                why = "Prices differ.",
                form = new
                {
                    type = "object",
                    properties = new
                    {
                        region = new
                        {
                            type = "string",
                            title = "Region",
                            oneOf = new[] { new { @const = "weu", title = "West Europe" },
                                new { @const = "neu", title = "North Europe" } },
                        },
                        keepDays = new { type = "integer", title = "Keep days", minimum = 1, maximum = 365 },
                    },
                    required = new[] { "region", "keepDays" },
                },
            })
            : ChatReply.Say($"The answer was: {request.Last("user")} {request.Last("tool")}"));
    }

    [Test]
    public async Task Approve_WithAChange_ByKeyboardAlone()
    {
        string run = await Server.SubmitAsync("DEPLOY it.");
        string id = await ApprovalAsync(run);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server);
        await Assertions.Expect(page.Page.Locator(".runs .row", new() { Has = page.Page.Locator($"a[href$='runs/{run}']") })
            .Locator(".c-now"))
            .ToHaveTextAsync("approval: edit_file");
        await page.Page.Locator("body").PressAsync("g");
        await page.Page.Locator("body").PressAsync("a");
        await Assertions.Expect(page.Heading("Approvals")).ToBeVisibleAsync();
        ILocator item = page.Page.Locator($".item[data-key='{id}']");
        await item.FocusAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator(".diff")).ToBeVisibleAsync();
        ILocator field = page.Page.GetByLabel("new_text", new() { Exact = true });
        await field.FocusAsync();
        await page.Page.Keyboard.PressAsync("Control+A");
        await page.Page.Keyboard.TypeAsync("replicas: 4");
        ILocator approve = page.Button("Approve with 1 change");
        await Assertions.Expect(approve).ToBeVisibleAsync();
        await page.Page.GetByLabel("Comment, which the model reads").FocusAsync();
        await page.Page.Keyboard.TypeAsync("Four are enough.");
        await page.AssertAccessibleAsync("approval");
        // It is shown for some seconds only.
        Task told = Assertions.Expect(page.Page.GetByText("Approved with 1 change: edit_file")).ToBeVisibleAsync();
        await PressAsync(page, approve);
        await told;

        await Server.StatusAsync(run, "completed");
        Assert.That(await File.ReadAllTextAsync(Path.Combine(Server.Workspace, "deploy.yaml")), Is.EqualTo("replicas: 4\n"));
        await File.WriteAllTextAsync(Path.Combine(Server.Workspace, "deploy.yaml"), "replicas: 2\n");
        await page.GoAsync("usage");
        await Assertions.Expect(page.Page.Locator(".numbers")).ToContainTextAsync("for an answer of people");
        page.AssertClean();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Approve_WithoutAMemberOfAnArgument_ItIsGone(bool asJson)
    {
        Server.Script("SURVEY", static request => request.Turn == 0
            ? ChatReply.Call("ask_person", new
            {
                question = "How many days?",
                urgency = "high",
                form = new
                {
                    type = "object",
                    properties = new
                    {
                        days = new { type = "integer", title = "Days" },
                        mail = new { type = "string", title = "Mail" },
                    },
                },
            })
            : ChatReply.Say("Asked."));
        string run = await Server.SubmitAsync("Make a SURVEY.");
        string id = await ApprovalAsync(run);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"approvals/{id}");
        const string form = """{"type":"object","properties":{"days":{"title":"Days","type":"integer"}}}""";
        if (asJson)
        {
            await page.Page.GetByText("Edit as JSON").ClickAsync();
            await page.Page.GetByLabel("Arguments as JSON")
                .FillAsync($$"""{"question":"How many days?","urgency":"high","form":{{form}}}""");
        }
        else
        {
            await page.Page.GetByLabel("form", new() { Exact = true }).FillAsync(form);
        }

        await PressAsync(page, page.Button("Approve with 1 change"));
        string question = await QuestionAsync(run);

        JsonElement asked = await Server.Http.GetFromJsonAsync<JsonElement>($"/api/questions/{question}");
        Assert.That(asked.GetRawText(), Does.Contain("\"Days\"").And.Not.Contain("\"Mail\""));
        using HttpResponseMessage cancelled = await Server.Http.PostAsJsonAsync($"/api/runs/{run}/cancel", new { });
        await Server.StatusAsync(run, "cancelled");
        page.AssertClean();
    }

    [Test]
    public async Task Patch_OfAnyChange_MakesWhatWasMeantOrIsNone()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "");
        string[] said = await page.Page.EvaluateAsync<string[]>(
            """
            async () => {
              const form = document.querySelector('script[src]').src.replace('app.js', 'form.js');
              const { argumentDiff, merged, patchOf } = await import(form);
              const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
              const told = [
                [{ a: 1, b: { c: 1, d: 2 } }, { a: 1, b: { c: 1 } }, { b: { d: null } }],
                [{ b: { c: { d: 1 } } }, { b: { c: {} } }, { b: { c: { d: null } } }],
                [{ b: { c: 1 } }, { b: [1, null] }, { b: [1, null] }],
                [{ b: [1, { c: 1 }] }, { b: { c: 1 } }, { b: { c: 1 } }],
                [{ a: null, b: 1 }, { a: null, b: 2 }, { b: 2 }],
                [{ a: { b: null, c: 1 } }, { a: { b: null } }, { a: { c: null } }],
                [{ a: null }, {}, { a: null }],
                [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, {}],
              ].flatMap(([before, after, patch]) => [
                same(patchOf(before, after), patch) ? [] : `${JSON.stringify(after)}: ${JSON.stringify(patchOf(before, after))}`,
                same(merged(before, patch), same(patch, {}) ? before : after) ? [] : `merged: ${JSON.stringify(after)}`].flat());
              for (const [before, after] of [[{ a: 1 }, { a: null }], [{}, { a: null }], [{ a: 1 }, { a: { b: null } }],
                [{ a: { b: 1 } }, { a: { b: null } }]]) if (patchOf(before, after)) told.push(`none: ${JSON.stringify(after)}`);
              const asked = { text: null, days: null, is: null, tags: ['b', 'a', 'z'], date: '2026-01-01T00:00:00Z' };
              const schema = { properties: { text: { type: ['string', 'null'] }, days: { type: ['integer', 'null'] },
                is: { type: ['boolean', 'null'] }, tags: { type: 'array', items: { enum: ['a', 'b'] } },
                date: { type: 'string', format: 'date' } } };
              const untouched = argumentDiff(asked, { schema }).patch();
              return same(untouched, {}) ? told : [...told, `untouched: ${JSON.stringify(untouched)}`];
            }
            """);
        Assert.That(said, Is.Empty);
        page.AssertClean();
    }

    [Test]
    public async Task Deny_DecidedElsewhereMeanwhile_TheConflictIsShownAndTheWordsAreKept()
    {
        string run = await Server.SubmitAsync("NOTE that.");
        string id = await ApprovalAsync(run);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"approvals/{id}");
        await page.Page.GetByLabel("Comment, which the model reads").FillAsync("Not on Fridays.");
        using HttpResponseMessage elsewhere = await Server.Http.PostAsJsonAsync($"/api/approvals/{id}",
            new { decision = "approve" });
        Assert.That(elsewhere.IsSuccessStatusCode, Is.True);
        await PressAsync(page, page.Button("Deny"));

        await Assertions.Expect(page.Page.Locator(".banner[role=alert]")).ToContainTextAsync("What you typed is kept.");
        Assert.That(await page.Page.GetByLabel("Comment, which the model reads").InputValueAsync(),
            Is.EqualTo("Not on Fridays."));
        await Server.StatusAsync(run, "completed");
        page.AssertClean();
    }

    [Test]
    public async Task Decide_SimilarCallsInBulk_AllAreDecided()
    {
        string[] runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Server.SubmitAsync($"NOTE number {i}.", "worker")));
        foreach (string run in runs)
        {
            await ApprovalAsync(run);
        }

        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "approvals");
        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("similar: write_file") }).ClickAsync();
        await page.AssertAccessibleAsync("bulk");
        await Assertions.Expect(page.Page.Locator("dialog tbody tr")).ToHaveCountAsync(5);
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Decide" }).ClickAsync();
        await Assertions.Expect(page.Page.Locator("dialog")).ToHaveCountAsync(0);
        await Task.WhenAll(runs.Select(run => Server.StatusAsync(run, "completed")));
        page.AssertClean();
    }

    [Test]
    public async Task Answer_FieldsAreMissingAndOutOfBounds_TheFormSaysWhichAndThenTheRunGoesOn()
    {
        string run = await Server.SubmitAsync("Choose the REGION.");
        string id = await QuestionAsync(run);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"questions/{id}");
        await Assertions.Expect(page.Page.GetByText("Never type a password here.")).ToBeVisibleAsync();
        await PressAsync(page, page.Button("Answer"));
        await Assertions.Expect(page.Page.GetByText("Region: choose one.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("West Europe").CheckAsync();
        await page.Page.GetByLabel("Keep days").FillAsync("400");
        await page.Button("Answer").ClickAsync();
        await Assertions.Expect(page.Page.GetByText("Keep days: at most 365.")).ToBeVisibleAsync();
        await page.AssertAccessibleAsync("question");
        await page.Page.GetByLabel("Keep days").FillAsync("30");
        await page.Button("Answer").ClickAsync();

        JsonElement ended = await Server.StatusAsync(run, "completed");
        JsonElement answered = await Server.Http.GetFromJsonAsync<JsonElement>($"/api/questions/{id}");
        Assert.That(answered.GetProperty("answers").GetRawText(), Is.EqualTo("{\"region\":\"weu\",\"keepDays\":30}"),
            ended.GetRawText());
        page.AssertClean();
    }

    [Test]
    public async Task Decline_WithWords_TheAgentIsTold()
    {
        string run = await Server.SubmitAsync("Choose the REGION again.");
        string id = await QuestionAsync(run);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"questions/{id}");
        await page.Button("Decline").ClickAsync();
        await page.Page.Locator("dialog").GetByLabel("Why").FillAsync("Ask the platform team.");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Decline" }).ClickAsync();

        await Server.StatusAsync(run, "completed");
        JsonElement declined = await Server.Http.GetFromJsonAsync<JsonElement>($"/api/questions/{id}");
        Assert.That(declined.GetProperty("state").GetString(), Is.EqualTo("declined"));
        Assert.That(declined.GetProperty("words").GetString(), Is.EqualTo("Ask the platform team."));
        page.AssertClean();
    }

    [Test]
    public async Task Questions_ThreeSideBySide_OneIsAnsweredHereOneByTheProgramAndOneExpires()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "questions");
        string run = await Server.SubmitAsync("Ask SIDE BY SIDE.");
        JsonElement asked = await Server.WaitAsync(run, static one => Waits(one, "question").Count() == 3);
        string[] ids = [.. Waits(asked, "question").Select(static wait => wait.GetProperty("id").GetString()!)];
        JsonElement[] questions = await Task.WhenAll(
            ids.Select(id => Server.Http.GetFromJsonAsync<JsonElement>($"/api/questions/{id}")));
        string IdOf(string words) =>
            questions.Single(one => one.GetProperty("question").GetString() == words).GetProperty("id").GetString()!;
        await Assertions.Expect(page.Page.Locator(".item")).ToHaveCountAsync(3);

        // What one is typing stays while the others end.
        await page.Page.Locator($".item[data-key='{IdOf("Who is on call?")}']").ClickAsync();
        await page.Page.Locator(".detail textarea, .detail input").First.FillAsync("Ada, until");
        (int exitCode, _, string errors) = await ProgramProcess.RunAsync(
            null, Server.Workspace, "answer", IdOf("Which colour?"), "answer=green", "--server", Server.Url.ToString());
        Assert.That(exitCode, Is.Zero, errors);
        await Assertions.Expect(page.Page.Locator(".item")).ToHaveCountAsync(1);
        Assert.That(await page.Page.Locator(".detail textarea, .detail input").First.InputValueAsync(), Is.EqualTo("Ada, until"));
        await page.Page.Locator(".detail textarea, .detail input").First.FillAsync("Ada, until Friday");
        await PressAsync(page, page.Button("Answer"));
        await Server.StatusAsync(run, "completed");

        JsonElement[] ended = await Task.WhenAll(
            ids.Select(id => Server.Http.GetFromJsonAsync<JsonElement>($"/api/questions/{id}")));
        Assert.That(
            ended.Select(static one => one.GetProperty("state").GetString()),
            Is.EquivalentTo(new[] { "answered", "answered", "expired" }));
        page.AssertClean();
    }

    [Test]
    public async Task Question_AnsweredByOthersWhileItIsOpen_ThePageSaysSoAndKeepsTheWords()
    {
        string run = await Server.SubmitAsync("Choose the REGION once more.");
        string id = await QuestionAsync(run);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"questions/{id}");
        await page.Page.GetByLabel("Keep days").FillAsync("12");
        using HttpResponseMessage elsewhere = await Server.Http.PostAsJsonAsync(
            $"/api/questions/{id}", new { answers = new { region = "neu", keepDays = 7 } });
        Assert.That(elsewhere.IsSuccessStatusCode, Is.True);

        await Assertions.Expect(page.Page.Locator(".detail .banner[role=alert]")).ToContainTextAsync("Meanwhile: answered by");
        await Assertions.Expect(page.Button("Answer")).ToBeDisabledAsync();
        Assert.That(await page.Page.GetByLabel("Keep days").InputValueAsync(), Is.EqualTo("12"));
        await page.AssertAccessibleAsync("a question that others answered");
        page.AssertClean();
    }

    /// <summary>Presses a button by keyboard, once it is awake: no click lands on what nobody had the time to read.</summary>
    private static async Task PressAsync(DashboardPage page, ILocator button)
    {
        await Assertions.Expect(page.Page.Locator(".decide:not([data-asleep])")).ToBeVisibleAsync();
        // A button that the page has disabled meanwhile takes no focus: what was typed in must not get the key instead.
        await page.Page.EvaluateAsync("document.activeElement.blur()");
        await button.FocusAsync();
        await page.Page.Keyboard.PressAsync("Enter");
    }

    private async Task<string> ApprovalAsync(string run) => await WaitingAsync(run, "approval");

    private async Task<string> QuestionAsync(string run) => await WaitingAsync(run, "question");

    private async Task<string> WaitingAsync(string run, string kind)
    {
        JsonElement found = await Server.WaitAsync(run, one => Waits(one, kind).Any());
        return Waits(found, kind).First().GetProperty("id").GetString()!;
    }

    private static IEnumerable<JsonElement> Waits(JsonElement run, string kind) =>
        run.GetProperty("waits").EnumerateArray().Where(wait => wait.GetProperty("kind").GetString() == kind);
}
