using System.Text;
using Machine.Tool.Doors.Secrets;

namespace Machine.Tool.Tests.Doors.Secrets;

public sealed class TokenMeterTests
{
    private const string AnthropicStream = """
        event: message_start
        data: {"type":"message_start","message":{"usage":{"input_tokens":25,"cache_creation_input_tokens":7,"cache_read_input_tokens":3,"output_tokens":1}}}

        event: content_block_delta
        data: {"type":"content_block_delta","delta":{"text":"he said \"output_tokens\": 5000"}}

        event: message_delta
        data: {"type":"message_delta","usage":{"output_tokens":15}}


        """;

    [Theory]
    [InlineData(AnthropicStream, 25 + 7 + 3 + 15)]
    [InlineData("""{"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"completion_tokens_details":{"reasoning_tokens":4}}}""", 21)]
    [InlineData("""{"usage":{"input_tokens": 36, "input_tokens_details": {"cached_tokens": 30}, "output_tokens":87,"total_tokens":123}}""", 123)]
    public void What_the_answer_says_is_counted_however_it_is_cut(string answer, long tokens)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        foreach (var size in new[] { 1, 2, 3, 7, 64, 4096 })
        {
            var meter = new TokenMeter();
            foreach (var piece in bytes.Chunk(size))
            {
                meter.Read(piece);
            }

            meter.Tokens(isWhole: true, TimeSpan.Zero).ShouldBe(tokens, $"in pieces of {size}");
        }
    }

    [Fact]
    public void One_that_is_cut_off_before_it_says_so_is_estimated()
    {
        var meter = new TokenMeter { BytesOut = 400, IsEventStream = true };
        meter.Read(Encoding.UTF8.GetBytes(AnthropicStream[..AnthropicStream.IndexOf("event: message_delta", StringComparison.Ordinal)]));
        meter.Tokens(isWhole: false, TimeSpan.Zero).ShouldBe(102, "a quarter of what was asked, and an event each");
    }

    [Fact]
    public void An_answer_without_a_word_of_it_is_estimated()
    {
        var meter = new TokenMeter { BytesOut = 40 };
        meter.Read(new byte[4000]);
        meter.Tokens(isWhole: true, TimeSpan.Zero).ShouldBe(1010);
    }

    [Fact]
    public void One_that_is_hung_up_on_has_cost_what_a_model_makes_in_that_time()
    {
        var meter = new TokenMeter { BytesOut = 40 };
        meter.Tokens(isWhole: false, TimeSpan.FromSeconds(30)).ShouldBe(3010);
    }

    [Fact]
    public void Line_ends_of_something_else_are_no_events()
    {
        var meter = new TokenMeter();
        meter.Read(Encoding.UTF8.GetBytes("\n\n" + new string('x', 3998)));
        meter.Tokens(isWhole: true, TimeSpan.Zero).ShouldBe(1000);
    }

    [Fact]
    public void A_number_without_end_is_no_number()
    {
        var meter = new TokenMeter();
        meter.Read(Encoding.UTF8.GetBytes($"\"output_tokens\":{new string('9', 80)}"));
        meter.Tokens(isWhole: true, TimeSpan.Zero).ShouldBe(1_000_000_000);
    }
}
