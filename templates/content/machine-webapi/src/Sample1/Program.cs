using Sample1;

Api.Create(args).Run();
